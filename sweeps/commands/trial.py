"""`sweeps show trial`: all that is known of one trial. Heavy imports happen inside."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sweeps import terminal
from sweeps.errors import UserError, shown

if TYPE_CHECKING:
    from rich.console import Console

    from sweeps.home import Home
    from sweeps.one_trial import OneTrial
    from trainables.store import Store

BEGINNING = re.compile(r"[0-9a-f]{4,32}")
"""Of a key or of MLflow's id of a run."""


def show_trial(text: str, place: Home) -> None:
    """Print what is known of the trial whose key or run id begins so. Raises UserError."""
    from sweeps import tracking
    from sweeps.one_trial import find
    from sweeps.recording import database, faults
    from trainables.store import Store

    if not BEGINNING.fullmatch(text):
        raise UserError(
            f"show trial {shown(text)}: wanted are the first digits, 4 to 32 of 0-9 and a-f, of a "
            "trial's key or run id"
        )
    database.require(place)
    tracking.check(place.tracking)
    with faults.told(place):
        trial = find(place, database.client_of(place, write=False), text)
        _show(terminal.console(), trial, Store(place.store))


def _show(console: Console, trial: OneTrial, store: Store) -> None:
    import pandas as pd

    from sweeps import layout

    for name, value in _facts(trial).items():
        console.print(f"{name + ':':<13}{value}", soft_wrap=True)
    numbers = trial.numbers.assign(value=[f"{value:.6g}" for value in trial.numbers["value"]])
    if not numbers["meaning"].any():
        numbers = numbers.drop(columns="meaning")
    _section(console, "Numbers")
    for part in layout.fitted(numbers, console.width, keys=["name"], core=["value", "unit"]):
        console.print(part)
    jobs = trial.jobs(store)
    _section(console, f"Jobs behind it, in the store {store.url}")
    if not jobs:
        console.print("no spec that is recorded leads to it in this version; its records name:")
        for name, value in _places(trial).items():
            console.print(f"  {name}: {value}", soft_wrap=True)
    else:
        rows = [
            {
                "job": one.job.title,
                "seconds": "–" if one.seconds is None else f"{one.seconds:.1f}",
                "bytes": "–" if one.facts is None else f"{one.facts['bytes']:,}",
                "file, with its key": one.file or f"not there: {one.job.kind} {one.job.key}",
            }
            for one in jobs
        ]
        frame = pd.DataFrame(rows)
        for part in layout.fitted(frame, console.width, keys=["job"]):
            console.print(part)
        seconds = sum(one.seconds or 0.0 for one in jobs)
        console.print(f"{len(jobs)} jobs, {seconds:,.1f} s of a worker in all")
    _section(console, "In Python")
    example = trial.example(store)
    print(example or "the store has neither of its networks")


def _section(console: Console, heading: str) -> None:
    console.print(f"\n{heading}", soft_wrap=True)


def _facts(trial: OneTrial) -> dict[str, Any]:
    from analysis import records
    from analysis.strategies import files_in, is_of_files

    row, run = trial.row, trial.run
    tags = trial.submissions[0].data.tags
    pair = row[records.LEVEL], row[records.LEVEL_2]
    orders = run.data.params[records.ORDER_SEEDS]
    found: dict[str, Any] = {"trial": trial.key}
    also = f"; also in {', '.join(trial.others)}" if trial.others else ""
    found["sweep"] = f"{trial.sweep}, submission {tags[records.SWEEP_KEY][:8]}{also}"
    found["recipe"] = row[records.RECIPE]
    changed = trial.hyperparameters
    if changed:
        found["differing"] = ", ".join(f"{name}={value}" for name, value in changed.items())
    if is_of_files(str(row[records.STRATEGY])):
        found["networks"] = " and ".join(files_in(str(row[records.STRATEGY])))
    else:
        found["strategy"] = row[records.STRATEGY]
        found["level"] = pair[0] if pair[0] == pair[1] else f"{pair[0]} and {pair[1]}"
        over = ", training starts over at 0" if row[records.RESTART] == records.RESET else ""
        found["rewind k"] = f"{row[records.REWIND]}{over}"
        found["init seed"] = row[records.INIT_SEED]
        found["order seeds"] = orders.replace(",", ", ")
    found["outcome"] = run.data.tags.get(records.OUTCOME, "not known")
    found["MLflow run"] = f"{run.info.run_id}, {run.info.run_name}"
    found["to see it"] = trial.link or f"sweeps ui --home {trial.home.folder}"
    return found


def _places(trial: OneTrial) -> dict[str, str]:
    from analysis import records

    prefix = records.ARTIFACT
    tags = trial.run.data.tags
    return {n.removeprefix(prefix): v for n, v in tags.items() if n.startswith(prefix)}
