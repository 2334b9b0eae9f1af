"""All that is known of one trial: what it is, what was measured, and the jobs behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis import records
from sweeps import tracking
from sweeps.errors import UserError
from sweeps.home import Home
from sweeps.plan import growing
from sweeps.recording import files
from sweeps.spec.stored import from_resolved
from trainables.jobs.ancestry import ancestry
from trainables.jobs.kinds import Job
from trainables.store import Missing, Store

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

LISTED = 5
"""Trials that are named where a text may mean several."""
EVERY_TRIAL = f"{records.IS_TRIAL} and attributes.status = 'FINISHED'"


@dataclass(frozen=True)
class Done:
    """A job behind a trial, and its artifact."""

    job: Job
    facts: Mapping[str, Any] | None
    """What its manifest says; None where the store does not have it."""

    @property
    def file(self) -> str | None:
        """Where its artifact lies below the store."""
        if self.facts is None:
            return None
        return f"{self.job.kind}/{self.job.key[:2]}/{self.facts['payload']}"

    @property
    def seconds(self) -> float | None:
        """That it took, of one worker."""
        return None if self.facts is None else self.facts.get("seconds")


@dataclass(frozen=True)
class OneTrial:
    """A recorded trial."""

    home: Home
    client: MlflowClient
    run: Run
    sweep: str
    """The name under which it is recorded."""
    others: tuple[str, ...]
    """Other sweeps of this home that have it, too."""

    @property
    def key(self) -> str:
        return str(self.run.data.tags[records.TRIAL_KEY])

    @cached_property
    def row(self) -> Mapping[Any, Any]:
        """As `records.trials` has it."""
        return records.trials([self.run]).to_dict("records")[0]

    @cached_property
    def submissions(self) -> list[Run]:
        """Of its sweep; the one below which MLflow shows it first."""
        every = records.submissions(self.client, self.sweep)
        mine = self.run.data.tags.get(records.PARENT)
        return sorted(every, key=lambda run: run.info.run_id != mine)

    @property
    def hyperparameters(self) -> dict[str, str]:
        """In what its recipe differs from the built-in one."""
        prefix = records.HYPERPARAMETER
        params = self.run.data.params
        return {n.removeprefix(prefix): v for n, v in params.items() if n.startswith(prefix)}

    @cached_property
    def numbers(self) -> pd.DataFrame:
        """A row per number that was measured of it: `name`, `value`, `unit`, `meaning`."""
        told: dict[str, Mapping[str, str]] = {}
        for run in self.submissions:
            text = files.read_text(self.client, self.home, run, records.COLUMNS_FILE)
            for column in json.loads(text) if text else ():
                told.setdefault(column["name"], column)
        left_out = {*records.TRIAL_COLUMNS, *records.END_METRICS}
        left_out |= {records.WEIGHTS_LEFT_2} - self.run.data.metrics.keys()
        rows = [
            {
                "name": name,
                "value": value,
                "unit": told[name]["unit"] if name in told else "%",
                "meaning": told[name]["about"] if name in told else "",
            }
            for name, value in self.row.items()
            if name not in left_out and value == value
        ]
        return pd.DataFrame(rows, columns=["name", "value", "unit", "meaning"])

    def jobs(self, store: Store) -> list[Done]:
        """Return the jobs that led to it, inputs first.

        Empty where no spec that is recorded leads to it in this version. Raises StoreError.
        """
        for run in self.submissions:
            text = files.read_text(self.client, self.home, run, records.SWEEP_FILE)
            with suppress(UserError, ValueError, KeyError):
                plan, _ = growing.from_store(from_resolved(json.loads(text or "")), store)
                for trial in plan.trials:
                    if trial.key == self.key:
                        return list(_done(ancestry(trial.measurements), store))
        return []

    def example(self, store: Store) -> str | None:
        """Return Python that loads a network of it; None where the store has none of both."""
        arm = next((arm for arm in (1, 2) if self._has(store, arm)), None)
        if arm is None:
            return None
        where = {"home": str(self.home.folder)}
        if self.home.store != str(self.home.folder / "store"):
            where["store"] = self.home.store
        if self.home.database != self.home.folder / "mlflow.db":
            where["tracking"] = self.home.tracking
        said = "".join(f", {name}={value!r}" for name, value in where.items())
        lines = [
            "import analysis",
            "",
            f"results = analysis.open({self.sweep!r}{said})",
            f"network = results.network({self.key!r}, arm={arm})",
        ]
        if any(name.startswith(records.PLUGIN) for name in self.submissions[0].data.tags):
            lines.insert(1, "# with plugins=FOLDER in open, the folder of the code that it names")
        if f"{records.ARTIFACT}mask" in self.run.data.tags:
            lines.append(f"mask = results.mask({self.key!r}, arm={arm})")
        if arm == 2:
            lines.insert(0, "# the store lacks the network of arm 1")
        return "\n".join(lines)

    def _has(self, store: Store, arm: int) -> bool:
        kind, _, place = self.run.data.tags.get(f"{records.ARTIFACT}arm_{arm}", "").partition("/")
        return bool(store.complete([(kind, place.rpartition("/")[2])]))

    @property
    def link(self) -> str | None:
        """Where a tracking server shows its run; None where none is running for it."""
        if not tracking.is_server(self.home.tracking):
            return None
        info = self.run.info
        address = self.home.tracking.rstrip("/")
        return f"{address}/#/experiments/{info.experiment_id}/runs/{info.run_id}"


def _done(jobs: list[Job], store: Store) -> Iterator[Done]:
    there = store.complete((job.kind, job.key) for job in jobs)

    def facts(job: Job) -> Mapping[str, Any] | None:
        if job.key in there:
            with suppress(Missing):
                return store.facts(job.kind, job.key)
        return None

    for job, found in zip(jobs, store.files.each(facts, jobs), strict=True):
        yield Done(job, found)


def find(home: Home, client: MlflowClient, text: str) -> OneTrial:
    """Return the trial whose key, or whose run's id, begins so. Raises UserError."""
    experiments = {
        one.experiment_id: one.name for one in client.search_experiments(max_results=50_000)
    }
    found: list[Run] = []
    for condition in (f"tags.{records.TRIAL_KEY} LIKE '{text}%'", f"run_id LIKE '{text}%'"):
        found += client.search_runs(
            list(experiments), f"{EVERY_TRIAL} and {condition}", max_results=1000
        )
    keys = {run.data.tags[records.TRIAL_KEY]: run for run in reversed(found)}
    if not keys:
        raise UserError(
            f"no trial of {home.folder} has a key or a run id that begins with {text}; "
            "`sweeps results NAME` shows the keys of a sweep's trials"
        )
    if len(keys) > 1:
        named = [f"{key[:12]} ({run.info.run_name})" for key, run in sorted(keys.items())]
        more = f" and {len(named) - LISTED:,} more" if len(named) > LISTED else ""
        raise UserError(f"several trials begin with {text}: {', '.join(named[:LISTED])}{more}")
    (key,) = keys
    every = client.search_runs(
        list(experiments), f"{EVERY_TRIAL} and tags.{records.TRIAL_KEY} = '{key}'"
    )
    sweeps = dict.fromkeys(experiments[run.info.experiment_id] for run in every)
    sweep = experiments[keys[key].info.experiment_id]
    return OneTrial(home, client, keys[key], sweep, tuple(n for n in sweeps if n != sweep))
