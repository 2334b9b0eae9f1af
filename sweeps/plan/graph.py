"""The plan: trials, and the graph of jobs that they need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from sweeps.plan.known import Question
from sweeps.spec import Sweep
from trainables.jobs.ancestry import ancestry, needed
from trainables.jobs.kinds import Job, Measurement, Network, Strategy, Threshold, Training
from trainables.jobs.lineage import Restart
from trainables.measures.parts import Kind
from trainables.measures.parts import Part as Part

Cell = tuple[Strategy, int, int, Restart]
"""Strategy, level, rewind point k, and how training goes on there: what copies share."""


class Coordinates(NamedTuple):
    """What a trial is among those of its recipe."""

    strategy: str
    """Of two files: which (`analysis.strategies.of_files`)."""
    level: int
    rewind: int
    """k, in iterations."""
    init_seed: int
    order_seeds: tuple[int, ...]
    """Of the two networks, or of the one; of files, which is the first and which the second."""
    restart: Restart = "keep"
    level_2: int | None = None
    """Of the second network, where it is another than that of the first."""

    @property
    def kind(self) -> Kind:
        """What it is a trial of."""
        if self.level_2 is not None:
            return "levels"
        return "copies" if len(self.order_seeds) > 1 else "alone"


@dataclass(frozen=True)
class Trial:
    """The unit of record: two copies of a network, trained under two order seeds; networks of two
    levels; two files; or one network, where there is one order seed."""

    key: str
    """The content key of a pair's instability, whether or not that is measured: the same trial in
    every sweep, and after a measure was added to one."""
    at: Coordinates
    arms: tuple[Network, ...]
    parts: tuple[Part, ...]

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        return tuple(part.job for part in self.parts)

    @property
    def measured(self) -> set[str]:
        """Keys of its measurements."""
        return {part.job.key for part in self.parts}


class Variant(NamedTuple):
    """What a plan holds of one recipe."""

    spec: Sweep
    vary: Mapping[str, Any]
    """What varies, or is searched over -> its value; empty where nothing does."""
    trials: tuple[str, ...]
    """Keys; a trial that does not depend on what varies is in several."""
    whole: int
    """How many trials it has unless a search stops it early."""
    rung: int | None = None
    """The rung after which a search stopped it, counted from 1; None if it did not."""


@dataclass(frozen=True)
class Plan:
    """A spec's trials; each job of `jobs` stands after the jobs it needs."""

    spec: Sweep
    trials: tuple[Trial, ...]
    variants: tuple[Variant, ...]
    """One for each of `spec.each`; of a search, for what it has proposed so far."""
    open: Mapping[str, Question] = field(default_factory=dict)
    """Key of a job -> what its outcome decides: the plan grows when it is done."""

    @cached_property
    def jobs(self) -> dict[str, Job]:
        """Every job by key, inputs first."""
        wanted = (job for trial in self.trials for job in trial.measurements)
        asked = (question.job for question in self.open.values())
        return {job.key: job for job in ancestry((*wanted, *asked))}

    @cached_property
    def measurements(self) -> dict[str, Measurement]:
        """The measurements of all trials by key."""
        return {job.key: job for trial in self.trials for job in trial.measurements}

    @cached_property
    def trials_of(self) -> dict[str, list[Trial]]:
        """Key of a measurement -> the trials that it is a part of."""
        found: dict[str, list[Trial]] = defaultdict(list)
        for trial in self.trials:
            for job in trial.measurements:
                found[job.key].append(trial)
        return dict(found)

    @cached_property
    def dependants(self) -> dict[str, list[Job]]:
        """Key -> the jobs that read its artifact."""
        found: dict[str, list[Job]] = defaultdict(list)
        for job in self.jobs.values():
            for one in job.inputs:
                found[one.key].append(job)
        return dict(found)

    def needed(self, complete: Collection[str]) -> dict[str, Job]:
        """The jobs to do, inputs first, when the store has the artifacts `complete`.

        What only complete jobs would read isn't made again.
        """
        return needed(self.jobs, (*self.measurements, *self.open), complete)

    @property
    def unshared_iterations(self) -> int:
        """Iterations that would be trained if every trial were run alone.

        A trial alone still trains its own pretraining and its own IMP chain once.
        """
        return sum(iterations(_alone(trial)) for trial in self.trials)


def _alone(trial: Trial) -> list[Job]:
    """What a trial takes that is run alone: its own copies, and what these need."""
    others = [job for job in trial.measurements if not job.every]
    copies = [arm for job in trial.measurements if job.every for arm in job.of]
    return ancestry([*others, *copies])


def iterations(jobs: Iterable[Job]) -> int:
    """SGD steps of some jobs, those of measurements that train copies side by side included."""
    return sum(job.iterations for job in _training(jobs))


def trainings(jobs: Iterable[Job]) -> int:
    """How many trainings some jobs do: all but masks, measurements and initial states."""
    return len(training_keys(jobs))


def training_keys(jobs: Iterable[Job]) -> set[str]:
    """The keys of the trainings that some jobs do: several jobs may work on one."""
    return {job.key for job in _training(jobs) if job.iterations > 0}


def _training(jobs: Iterable[Job]) -> list[Training | Threshold]:
    """The trainings among some jobs, and those that other jobs do beside; each once."""
    found: dict[str, Training | Threshold] = {}
    for job in jobs:
        if isinstance(job, Training | Threshold):
            found[job.key] = job
        elif isinstance(job, Measurement) and job.every and job.after is None:
            for copy in job.together:
                found.setdefault(copy.key, copy)
    return list(found.values())
