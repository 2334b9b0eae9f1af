"""The sweeps and submissions of a home: what there is, and how submissions of a name differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from analysis import records
from sweeps.home import Home
from sweeps.loading import builtin_specs, load
from sweeps.recording import files
from sweeps.recording.database import client_of
from sweeps.recording.drivers import abandoned
from sweeps.recording.hyperparameters import CHOSEN, NOT_COMPARED
from sweeps.recording.submissions import OVERRIDE, asked_for
from sweeps.spec.measures import written
from sweeps.spec.stored import EACH, GPUS, WRITTEN, resolved

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

IGNORED = {"name", "description", *(f"recipe.{name}" for name in (*CHOSEN, *NOT_COMPARED, "base"))}
"""Parts of a spec that no result depends on, or that are chosen for the machine."""


@dataclass(frozen=True)
class Row:
    """A submission."""

    sweep: str
    key: str
    differences: tuple[str, ...]
    """`inits: [1]`, ...: from the built-in spec of the name, or from the first submission."""
    built_in: bool
    """Whether there is a built-in spec of the name."""
    recorded: int
    """Trials of it that are recorded, whoever asked for them first."""
    wanted: int
    """Trials of it."""
    unmeasurable: int
    """Trials of it that need the weights of a training that diverged."""
    state: str
    """complete, partial, running, or `ended` where what is left cannot be measured."""
    submitted: str
    """The last time, ISO 8601 in UTC."""
    report: Path | None
    """Its own report, if it was written."""


def rows(home: Home) -> list[Row]:
    """Every submission of a home, by sweep, the latest first."""
    client = client_of(home, write=False)
    found = records.sweeps(client)
    return [row for name, runs in found.items() for row in _rows(client, home, name, runs)]


def _rows(client: MlflowClient, home: Home, name: str, runs: list[Run]) -> Iterator[Row]:
    trials = records.trial_runs(client, runs[0].info.experiment_id)
    specs = [_spec(client, home, run) for run in runs]
    usual = resolved(load(name)[0]) if name in builtin_specs() else specs[-1]
    for run, spec in zip(runs, specs, strict=True):
        tags = run.data.tags
        keys = asked_for(client, home, run, trials)
        recorded = {t.data.tags[records.TRIAL_KEY] for t in trials if records.holds(t, run)}
        report = home.report(name, tags[records.SWEEP_KEY])
        running = run.info.status == "RUNNING" and not abandoned(run)
        there = len(keys & recorded)
        unmeasurable = int(tags.get(records.UNMEASURED, 0))
        yield Row(
            sweep=name,
            key=tags[records.SWEEP_KEY],
            built_in=name in builtin_specs(),
            differences=tuple(
                _overrides(client, home, run) if spec is None else differences(spec, usual or {})
            ),
            recorded=there,
            wanted=len(keys),
            unmeasurable=unmeasurable,
            state="running" if running else _state(len(keys) - there, unmeasurable),
            submitted=tags[records.SUBMITTED_AT],
            report=report if report.exists() else None,
        )


def _state(missing: int, unmeasurable: int) -> str:
    if missing == 0:
        return "complete"
    return "ended" if missing == unmeasurable else "partial"


def _spec(client: MlflowClient, home: Home, run: Run) -> dict[str, Any] | None:
    text = files.read_text(client, home, run, records.SWEEP_FILE)
    return None if text is None else json.loads(text)


def _overrides(client: MlflowClient, home: Home, run: Run) -> list[str]:
    """The overrides that the text of a spec notes: all that earlier versions say."""
    text = files.read_text(client, home, run, records.SPEC_FILE) or ""
    lines = text.splitlines()
    return [line.removeprefix(OVERRIDE) for line in lines if line.startswith(OVERRIDE)]


def differences(spec: Mapping[str, Any], usual: Mapping[str, Any]) -> list[str]:
    """How a resolved spec differs from another: `KEY: VALUE` in YAML for each part that does."""
    mine, theirs = dict(_parts(_as_written(spec))), dict(_parts(_as_written(usual)))
    return [
        f"{key}: {_words(value)}"
        for key, value in mine.items()
        if key not in IGNORED and value != theirs.get(key, value)
    ]


def _as_written(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A resolved spec with its measures as a user writes them, without what follows from it."""
    shared = {"points": spec.get("path_points"), "train_examples": spec.get("train_examples")}
    said = [written(one, shared) for one in spec.get("measure", ())] or ["instability"]
    follows = ("network_facts", EACH, WRITTEN, GPUS)
    return {name: v for name, v in spec.items() if name not in follows} | {"measure": said}


def _parts(spec: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted key -> value of everything in a spec, seen as JSON."""
    for key, value in spec.items():
        if isinstance(value, Mapping):
            yield from _parts(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", json.loads(json.dumps(value))


def _words(value: Any) -> str:
    """A value on one line, as a spec may say it: seeds 1 to n are n."""
    if isinstance(value, list) and value == list(range(1, len(value) + 1)):
        return str(len(value))
    if isinstance(value, list):
        value = [_subnetwork(item) if isinstance(item, dict) else item for item in value]
    text: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10**6)
    return text.removesuffix("\n").removesuffix("\n...")


def _subnetwork(item: dict[str, Any]) -> Any:
    """One of a spec's subnetworks, without what it leaves to the sweep."""
    own = {key: value for key, value in item.items() if value is not None}
    return own["strategy"] if list(own) == ["strategy"] else own
