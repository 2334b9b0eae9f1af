"""The specs that were submitted, kept in the store: with the measurements there, records follow.

<url>/submission/<first two digits>/<sweep key>...    JSON: the spec as written and as resolved
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis import records
from sweeps.errors import UserError, did_you_mean
from sweeps.home import Home
from sweeps.loading import load
from sweeps.plan import Plan, expand
from sweeps.recording import files
from sweeps.spec import Sweep
from sweeps.spec.stored import GPUS, WRITTEN, from_resolved, resolved
from trainables.store import Missing, Store, content_key

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

KIND = "submission"

OVERRIDE = "# --set "
"""Begins the lines of a spec's text that note what `--set` changed."""


@dataclass(frozen=True)
class Submission:
    """A spec that was submitted."""

    key: str
    sweep: Sweep
    text: str
    """The spec as the user wrote it, with the overrides noted."""
    submitted_at: float
    """Unix time of the last time, seconds."""


def sweep_key(plan: Plan) -> str:
    """A key of what a spec means, whatever the order of its lists."""
    spec = plan.spec
    if spec.grows:  # its trials are not known from the beginning
        return content_key("sweep", {"name": spec.name, "spec": _meaning(spec)})
    trials = {trial.key for trial in plan.trials}
    identity: dict[str, Any] = {
        "name": spec.name,
        "trials": sorted(trials),
        "matching": spec.matching,
        "stable_below": spec.stable_below,
    }
    if plan.measurements.keys() != trials:  # instability alone was all there was
        identity["measurements"] = sorted(plan.measurements)
    return content_key("sweep", identity)


def _meaning(spec: Sweep) -> dict[str, Any]:
    """Return what of a spec its results depend on, whatever the order of its lists."""
    found = resolved(spec)
    for name in (*NO_MEANING, WRITTEN, GPUS):
        found.pop(name, None)
    for name in ("inits", "orders", "restart", "compare"):
        found[name] = sorted(found[name])
    for name in ("subnetworks", "measure"):
        found[name] = sorted(found[name], key=lambda one: json.dumps(one, sort_keys=True))
    return found


NO_MEANING = ("description", "evaluate", "on_divergence", "resources", "budget", "network_facts")
"""Fields of a spec that have no influence on results."""


def save(store: Store, plan: Plan, text: str) -> None:
    """Keep a spec in the store. Raises StoreError."""
    payload = json.dumps({"spec": resolved(plan.spec), "text": text}, indent=1).encode()
    store.write(KIND, sweep_key(plan), payload, "json")
    store.prune(KIND, sweep_key(plan))


def from_text(text: str, data_folder: Path) -> Sweep:
    """Return the sweep that a recorded spec means; what it leaves open is chosen for this machine.

    Raises UserError.
    """
    lines = text.splitlines()
    overrides: list[str] = []
    while lines and lines[-1].startswith(OVERRIDE):
        overrides.insert(0, lines.pop().removeprefix(OVERRIDE))
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, records.SPEC_FILE)
        file.write_text("\n".join(lines), encoding="utf-8")
        try:
            return load(str(file), overrides, data_folder)[0]
        except UserError as error:
            raise UserError(str(error).replace(f"{file}:", "line ")) from None


def asked_for(client: MlflowClient, home: Home, submission: Run, trials: Iterable[Run]) -> set[str]:
    """Return the keys of the trials that a submission asks for.

    Earlier versions did not record them: they follow from the spec. Where that is not of this
    machine, or its data are not here, what MLflow shows below the submission is all that is known.
    """
    text = files.read_text(client, home, submission, records.TRIALS_FILE)
    if text is not None:
        return set(json.loads(text))
    with suppress(UserError):
        spec_text = files.read_text(client, home, submission, records.SPEC_FILE) or ""
        plan = expand(from_text(spec_text, home.data))
        if sweep_key(plan) == submission.data.tags[records.SWEEP_KEY]:
            return {trial.key for trial in plan.trials}
    run_id = submission.info.run_id
    below = (run.data.tags for run in trials if run.data.tags.get(records.PARENT) == run_id)
    return {tags[records.TRIAL_KEY] for tags in below}


def all_of(store: Store) -> list[Submission]:
    """Every spec of a store that this version understands, the earliest first."""
    found = []
    for key in store.keys(KIND):
        try:
            artifact = store.read(KIND, key)
            held = json.loads(artifact.payload)
            sweep = from_resolved(held["spec"])
        except (Missing, ValueError, KeyError, TypeError, UserError):
            continue  # damaged, or of a later version
        found.append(Submission(key, sweep, held["text"], artifact.facts["written_at"]))
    return sorted(found, key=lambda one: one.submitted_at)


def chosen_of(every: Sequence[Run], key: str) -> Run:
    """Return the submission whose key begins like `key`. Raises UserError unless there is one."""
    keys = {run.data.tags[records.SWEEP_KEY]: run for run in every}
    fitting = [run for whole, run in keys.items() if key and whole.startswith(key)]
    if len(fitting) != 1:
        why = "several submissions have" if fitting else "no submission has"
        raise UserError(
            f"--submission {key}: {why} this key{did_you_mean(key, [k[:8] for k in keys])}"
        )
    return fitting[0]
