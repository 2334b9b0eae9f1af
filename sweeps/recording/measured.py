"""What the store knows of the measurements of a trial."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis import curves, records
from analysis.ends import no_better_than_chance
from sweeps.plan import Trial
from sweeps.plan.graph import Part
from trainables import data
from trainables.jobs import measurements
from trainables.jobs.kinds import Job
from trainables.store import Missing, Store


@dataclass(frozen=True)
class Measured:
    """The values of one measurement of a trial."""

    part: Part
    values: Mapping[str, Any]
    """By the names of the measure's columns."""
    written_at: float
    """Unix time, seconds."""
    seconds: float
    """That it took."""

    def metrics(self) -> Iterator[tuple[str, float]]:
        """Yield the names and values of what is one number, as records have them."""
        for name, value in self.values.items():
            of_all = name in (records.WEIGHTS_LEFT, records.WEIGHTS_LEFT_2)
            if not (of_all or isinstance(value, list | dict)):
                yield self.part.recorded(name), float(value)

    def files(self) -> Iterator[tuple[str, str]]:
        """Yield the names and texts of the files of what has a value at each place of an axis."""
        if self.part.of.measure == "instability":
            yield records.PATH_FILE, curves.curve_text(self.values)
            return
        along: dict[str, dict[str, Any]] = defaultdict(dict)
        for column in self.part.of.columns:
            if column.axis is not None:
                along[column.axis][self.part.recorded(column.name)] = self.values[column.name]
        for axis, values in along.items():
            yield curves.axis_file(self.part.label, axis), curves.axis_text(axis, values)

    @property
    def outcome(self) -> str | None:
        """`diverged` or `untrained` if one of the two networks is; else `trained`. None where this
        measurement does not tell."""
        if self.part.of.measure != "instability":
            return None
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


def read(store: Store, parts: Iterable[Part]) -> list[Measured]:
    """Return what is in the store of some measurements. Raises Unreadable if one is of no use."""
    found = []
    for part in parts:
        job = part.job
        with suppress(Missing):
            artifact = store.read(job.kind, job.key)
            values = measurements.decode(job, artifact.payload)
            if job.measure == "instability":
                values = complete(values, job.recipe.data)
            values = part.of.values(values)
            facts = artifact.facts
            found.append(Measured(part, values, facts["written_at"], facts.get("seconds", 0.0)))
    return found


def places(trial: Trial) -> dict[str, str]:
    """Return what a trial's networks are -> where they lie in the store, without file endings."""
    jobs: dict[str, Job] = {f"arm_{number}": arm for number, arm in enumerate(trial.arms, 1)}
    masks = [arm.mask for arm in trial.arms]
    if masks[0]:
        jobs["mask"] = masks[0]
    if masks[-1] and masks[-1] != masks[0]:
        jobs["mask_2"] = masks[-1]
    return {name: place(job) for name, job in jobs.items()}


def place(job: Job) -> str:
    """Return where a job's artifact lies in the store, without what follows the key in files."""
    return f"{job.kind}/{job.key[:2]}/{job.key}"


def training_seconds(store: Store, trial: Trial) -> float:
    """Return the time that a trial's two trainings took together, as far as it is known."""
    seconds = 0.0
    for arm in trial.arms:
        with suppress(Missing):
            seconds += store.facts(arm.kind, arm.key).get("seconds", 0.0)
    return seconds


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
    found.setdefault(records.TEST_EXAMPLES, facts.test_labels)
    found.setdefault(records.MAJORITY_TEST, 100 * facts.majority)
    return found
