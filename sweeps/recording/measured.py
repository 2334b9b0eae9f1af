"""What the store knows of a trial that has been measured."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis import records
from analysis.ends import no_better_than_chance
from sweeps.plan import Trial
from trainables import data
from trainables.jobs import measurements
from trainables.jobs.kinds import Job
from trainables.store import Missing, Store


@dataclass(frozen=True)
class Measured:
    """A trial's values, and how they came about."""

    values: Mapping[str, Any]
    """By the names of `analysis.records`: scalars, and lists of path points."""
    written_at: float
    """Unix time, seconds."""
    seconds: float
    """Time that its two trainings and its measurement took together."""
    artifacts: Mapping[str, str]
    """What -> where it lies in the store, without what follows the key in files' names."""

    @property
    def outcome(self) -> str:
        """`diverged` or `untrained` if one of the two networks is; else `trained`."""
        if any(self.values[f"{records.DIVERGED}_{arm}"] for arm in (1, 2)):
            return "diverged"
        names = [records.split_metric(records.ACCURACY, "test", arm) for arm in (1, 2)]
        accuracy = pd.Series([self.values[name] for name in names])
        examples, majority = (
            pd.Series([self.values[name]] * 2)
            for name in (records.TEST_EXAMPLES, records.MAJORITY_TEST)
        )
        chance = no_better_than_chance(accuracy, examples, majority)
        return "untrained" if chance.any() else "trained"


def read(store: Store, trial: Trial) -> Measured:
    """Read a trial's measurement. Raises Missing without it, and Unreadable if it is of no use."""
    job = trial.job
    artifact = store.read(job.kind, job.key)
    values = complete(measurements.decode(job, artifact.payload), job.recipe.data)
    jobs: dict[str, Job] = {"measurement": job, "arm_1": job.first, "arm_2": job.second}
    if job.first.mask:
        jobs["mask"] = job.first.mask
    seconds = 0.0
    for name in ("measurement", "arm_1", "arm_2"):
        with suppress(Missing):
            seconds += store.facts(jobs[name].kind, jobs[name].key).get("seconds", 0.0)
    places = {name: f"{one.kind}/{one.key[:2]}/{one.key}" for name, one in jobs.items()}
    return Measured(values, artifact.facts["written_at"], seconds, places)


def complete(values: Mapping[str, Any], dataset: str) -> dict[str, Any]:
    """A measurement's values with what those of earlier versions lack.

    These hold the loss at each end, which tells whether it diverged; the test split's size and
    classes are known by the name of the data.
    """
    found = dict(values)
    for arm, end in ((1, -1), (2, 0)):
        losses = [values[records.split_metric(records.PATH_LOSS, s)][end] for s in records.SPLITS]
        found.setdefault(f"{records.DIVERGED}_{arm}", not all(map(math.isfinite, losses)))
    if any(found[f"{records.DIVERGED}_{arm}"] for arm in (1, 2)):
        for split in records.SPLITS:
            found[records.split_metric(records.INSTABILITY, split)] = math.nan
    facts = data.facts(dataset)
    found.setdefault(records.TEST_EXAMPLES, facts.test)
    found.setdefault(records.MAJORITY_TEST, 100 * facts.majority)
    return found
