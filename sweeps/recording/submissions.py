"""The specs that were submitted, kept in the store: with the measurements there, records follow.

<url>/submission/<first two digits>/<sweep key>...    JSON: the spec as written and as resolved
<url>/submitted/<first two digits>/<key>...           the same, and which home submitted it

Homes that share a store note themselves, so that what one deletes stays for the others. Earlier
versions did not; a submission says whether it may be of a home that is not noted.
"""

from __future__ import annotations

import json
import math
import socket
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
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
from trainables.jobs.needs import Which
from trainables.store import Missing, Store, checking, content_key
from trainables.store.keys import SCHEMA
from trainables.store.store import folder_of

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

KIND = "submission"

OF_HOME = "submitted"
"""The kind of what a home notes."""

PACKAGE = "stability-sweeps"

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
    since: float = -math.inf
    """Unix time of the first time, seconds; minus infinity where that was not noted."""
    entry: Which | None = None
    """Kind and key under which the store has it; None if it is not from a store."""
    home: str | None = None
    """What the home is called that notes it; None of what is there for all homes."""
    place: str = "a home that is not noted"
    """Where that home was, for people."""
    noted: bool = False
    """Of what is there for all homes: whether all of them are noted."""
    made_with: tuple[int, str] = (0, "0")
    """The schema of keys, and the version of this package."""


@dataclass(frozen=True)
class Unreadable:
    """A submission of a store that cannot be read."""

    entry: Which
    """Kind and key under which the store has it."""
    name: str | None
    """The sweep's name, where that can be read."""
    problem: str
    """What is wrong, in a few words."""


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


def save(
    store: Store, plan: Plan, text: str, home: Home | None = None, at: float | None = None
) -> None:
    """Keep a spec in the store, and note that a home submitted it.

    It was submitted `at` some Unix time (seconds), or now. Raises StoreError, and UserError if the
    home cannot be given a name.
    """
    key, now = sweep_key(plan), time.time() if at is None else at
    held: dict[str, Any] = {"spec": resolved(plan.spec), "text": text, "sweep": key}
    held |= {"schema": SCHEMA, "version": version(PACKAGE)}
    if home is not None:
        _note(store, key, home, held, now)
    before = _payload(store, (KIND, key))
    noted = home is not None and (before is None or before.get("noted") is True)
    _write(store, (KIND, key), held | {"noted": noted}, now)


def note_imported(store: Store, key: str, home: Home) -> None:
    """Note that a home has a submission which an import brought to a store.

    Raises StoreError, and UserError if the home cannot be given a name.
    """
    artifact = checking.peek(store, KIND, key)
    held = _payload(store, (KIND, key))
    if artifact is None or not held:
        return
    entry = OF_HOME, _entry(key, home.identify())
    if not store.complete([entry]):
        at = artifact.facts.get("submitted_at", artifact.facts["written_at"])
        told = {name: value for name, value in held.items() if name not in ("noted", "since")}
        _note(store, key, home, told | {"sweep": key}, at)


def _note(store: Store, key: str, home: Home, held: Mapping[str, Any], now: float) -> None:
    name = home.identify()
    note = {"home": name, "place": f"{home.folder} on {socket.gethostname()}"}
    _write(store, (OF_HOME, _entry(key, name)), {**held, **note}, now)


def _write(store: Store, entry: Which, held: Mapping[str, Any], now: float) -> None:
    before = _payload(store, entry)
    since = now if before is None else before.get("since")  # the first time, if that is known
    since = min(now, since) if isinstance(since, float) else None
    payload = json.dumps({**held, "since": since}, indent=1).encode()
    store.write(*entry, payload, "json", submitted_at=now)
    store.prune(*entry)


def _payload(store: Store, entry: Which) -> dict[str, Any] | None:
    """Return what an entry holds, {} of one that is damaged; None if there is none."""
    artifact = checking.peek(store, *entry)
    if artifact is None:
        return {} if store.files.sizes(folder_of(*entry), f"{entry[1]}.") else None
    try:
        held = json.loads(artifact.payload)
    except ValueError:
        return {}
    return held if isinstance(held, dict) else {}


def has(store: Store, plan: Plan, home: Home) -> bool:
    """Return whether a home has noted in a store that it submitted a plan. Raises StoreError."""
    entry = OF_HOME, _entry(sweep_key(plan), home.identity or "")
    return bool(store.complete([entry]))


def _entry(key: str, home: str) -> str:
    return content_key(OF_HOME, {"sweep": key, "home": home})


def from_text(text: str, data_folder: Path) -> Sweep:
    """Return the sweep that a recorded spec means; what it leaves open is chosen for this machine.

    Raises UserError.
    """
    written, overrides = parted(text)
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, records.SPEC_FILE)
        file.write_text(written, encoding="utf-8")
        try:
            return load(str(file), overrides, data_folder)[0]
        except UserError as error:
            raise UserError(str(error).replace(f"{file}:", "line ")) from None


def parted(text: str) -> tuple[str, list[str]]:
    """Return a recorded spec as its user wrote it, and the overrides that are noted below it."""
    lines = text.splitlines()
    overrides: list[str] = []
    while lines and lines[-1].startswith(OVERRIDE):
        overrides.insert(0, lines.pop().removeprefix(OVERRIDE))
    return "\n".join(lines), overrides


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
    """Every spec of a store that this version understands, once, the earliest first."""
    return list({one.key: one for one in kept(store)[0]}.values())


def kept(store: Store) -> tuple[list[Submission], list[Unreadable]]:
    """Return the submissions of a store, those that homes note included, the earliest first; and
    what is damaged, or not understood by this version. Changes nothing. Raises StoreError."""
    found: list[Submission] = []
    unreadable: list[Unreadable] = []
    for entry in [(kind, key) for kind in (KIND, OF_HOME) for key in store.keys(kind)]:
        one = _read(store, entry)
        if isinstance(one, Submission):
            found.append(one)
        elif one is not None:
            unreadable.append(one)
    return sorted(found, key=lambda one: one.submitted_at), unreadable


def _read(store: Store, entry: Which) -> Submission | Unreadable | None:
    """Return a submission; None if it was deleted meanwhile."""
    artifact = checking.peek(store, *entry)
    if artifact is None:
        try:
            problem = checking.problem(store, *entry)
        except Missing:
            return None
        return Unreadable(entry, None, problem or "it was replaced just now")
    name = None
    try:
        held = json.loads(artifact.payload)
        spec = held["spec"]
        name = spec.get("name") or spec.get(WRITTEN, {}).get("name")
        if held.get("schema", 0) > SCHEMA:
            return Unreadable(entry, name, "a later version of this program wrote it")
        sweep, text = from_resolved(spec), str(held["text"])
    except UserError as error:
        return Unreadable(entry, name, str(error))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Unreadable(entry, name, "it is no submission that this version knows")
    since = held.get("since")
    return Submission(
        key=held.get("sweep", entry[1]),
        sweep=sweep,
        text=text,
        submitted_at=artifact.facts.get("submitted_at", artifact.facts["written_at"]),
        since=-math.inf if since is None else since,
        entry=entry,
        home=held.get("home"),
        place=held.get("place", Submission.place),
        noted=held.get("noted") is True,
        made_with=(int(held.get("schema", 0)), str(held.get("version", "0"))),
    )


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
