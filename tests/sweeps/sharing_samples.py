"""Homes with a sweep that was trained, and what is the same of two homes."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from recording_samples import Recorded
from rich.console import Console

from analysis import records
from sweeps import results
from sweeps.home import Home
from sweeps.plan import growing
from sweeps.recording import database, files, submissions
from sweeps.recording.recorder import Recorder
from sweeps.sharing.archive import opened
from sweeps.sharing.exporting import Exported, export
from sweeps.sharing.importing import Imported, bring_in
from sweeps.spec import Sweep
from trainables.jobs.execute import Executor
from trainables.jobs.kinds import Training
from trainables.store import Store

FIRST = (
    *("recipe.length=30", "rewind=[0]", "inits=1", "orders=2", "evaluate.every=15"),
    "subnetworks=[dense, {strategy: imp, levels: [1]}]",
)
"""Two trials of networks that are trained for 30 iterations."""
MORE = (*FIRST, "rewind=[0, 10]", "measure=[instability, distance]")
"""The same and two more, with another measure."""


def train(home: Home, *overrides: str) -> str:
    """Do what `sweeps run` does, in this process; return the submission's key."""
    store = Store(home.store)
    planned, text = Recorded(home).plan(*overrides)
    plan = do(planned.spec, store, home)
    home.make()
    submissions.save(store, plan, text)
    recorder = Recorder(home, plan, store)
    recorder.open(text, {"trials": len(plan.trials)})
    for trial in plan.trials:
        recorder.record(trial)
    for job in plan.jobs.values():
        if isinstance(job, Training) and job.evaluation and job.iterations:
            recorder.finish(job)
    recorder.close(complete=True)
    return submissions.sweep_key(plan)


def do(sweep: Sweep, store: Store, home: Home) -> Any:
    """Do all jobs of a sweep; return its plan, which may have grown."""
    while True:
        plan, _ = growing.from_store(sweep, store)
        complete = store.complete((job.kind, job.key) for job in plan.jobs.values())
        if not (needed := plan.needed(complete)):
            return plan
        list(Executor(store, home.data, 1e9).run_batch(list(needed.values())))


def console() -> Console:
    return Console(file=io.StringIO())


def written(
    home: Home, path: Path, weights: bool = False, submission: str | None = None, name: str = ""
) -> Exported:
    found = results.read(home, name or "digits-mlp", submission)
    return export(found, Store(home.store), path, weights, console())


def brought(path: Path, home: Home, name: str | None = None) -> Imported:
    with opened(path) as archive:
        return bring_in(archive, home, name, console())


def frames(home: Home, name: str = "digits-mlp", submission: str | None = None) -> dict[str, Any]:
    """Every frame of a sweep's results, without MLflow's ids."""
    found = results.read(home, name, submission)
    return {
        "trials": found.trials.drop(columns="run_id"),
        "cells": found.cells,
        "curves": found.curves(),
        "learning": found.learning_curves,
        "layers": found.along("distance", "layer"),
    }


def everything(home: Home, name: str = "digits-mlp") -> dict[str, Any]:
    """Key -> all that MLflow holds of a run, with the key of its parent for MLflow's ids."""
    client = database.client_of(home, write=False)
    experiment = client.get_experiment_by_name(name)
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id], max_results=1000)
    names = (records.TRIAL_KEY, records.SWEEP_KEY, records.CURVE_KEY)
    key_of = {
        run.info.run_id: next(run.data.tags[n] for n in names if n in run.data.tags) for run in runs
    }
    assert len(set(key_of.values())) == len(runs), "nothing is there twice"
    return {
        key_of[run.info.run_id]: {
            "info": (run.info.run_name, run.info.status, run.info.start_time, run.info.end_time),
            "params": run.data.params,
            "tags": {
                name: key_of[value] if name == records.PARENT else value
                for name, value in run.data.tags.items()
                if name != records.DRIVER
            },
            "metrics": {
                name: sorted(
                    (one.step, one.timestamp, str(one.value))
                    for one in client.get_metric_history(run.info.run_id, name)
                )
                for name in run.data.metrics
            },
            "files": {
                file: files.read_text(client, home, run, file)
                for file in files.names(client, home, run)
            },
        }
        for run in runs
    }


def artifacts(store: Path) -> dict[str, bytes]:
    """Path -> content of every file of a store, but for what each home notes of its own."""
    return {
        str(path.relative_to(store)): path.read_bytes()
        for path in store.rglob("*")
        if path.is_file() and path.name != ".lock" and submissions.OF_HOME not in path.parts
    }


Change = Callable[[dict[str, bytes]], None]


def changed(path: Path, to: Path, change: Change) -> Path:
    """Write an archive with other contents, every one as the zip format wants it."""
    import zipfile

    with zipfile.ZipFile(path) as source:
        contents = {name: source.read(name) for name in source.namelist()}
    change(contents)
    with zipfile.ZipFile(to, "w") as target:
        for name, content in contents.items():
            target.writestr(name, content)
    return to


def in_manifest(**facts: Any) -> Change:
    """A change of what the manifest says."""

    def change(contents: dict[str, bytes]) -> None:
        manifest = json.loads(contents["manifest.json"]) | facts
        contents["manifest.json"] = json.dumps(manifest).encode()

    return change
