"""The plan: trials, and the graph of jobs that they need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property

from sweeps.spec import Sweep
from trainables.jobs.kinds import Arm, Instability, Job, State


@dataclass(frozen=True)
class Trial:
    """One instability trial, the unit of record: a pair of arms and the path between them."""

    strategy: str
    job: Instability

    @property
    def key(self) -> str:
        """The content key of its measurement: the same trial in every sweep."""
        return self.job.key

    @property
    def level(self) -> int:
        return self.job.first.level

    @property
    def rewind(self) -> int:
        return self.job.first.rewind

    @property
    def init_seed(self) -> int:
        return self.job.first.start.init_seed

    @property
    def order_seeds(self) -> tuple[int, int]:
        return self.job.first.order_seed, self.job.second.order_seed


@dataclass(frozen=True)
class Plan:
    """A spec's trials; each job of `jobs` stands after the jobs it needs."""

    spec: Sweep
    trials: tuple[Trial, ...]

    @cached_property
    def jobs(self) -> dict[str, Job]:
        """Every job by key, inputs first."""
        ordered: dict[str, Job] = {}
        for trial in self.trials:
            _add(trial.job, ordered)
        return ordered

    @cached_property
    def dependants(self) -> dict[str, list[Job]]:
        """Key -> the jobs that read its artifact."""
        found: dict[str, list[Job]] = defaultdict(list)
        for job in self.jobs.values():
            for needed in job.inputs:
                found[needed.key].append(job)
        return dict(found)

    def needed(self, complete: Collection[str]) -> dict[str, Job]:
        """The jobs to do, inputs first, when the store has the artifacts `complete`.

        What only complete jobs would read isn't made again.
        """
        wanted: set[str] = set()
        open_jobs: list[Job] = [t.job for t in self.trials if t.key not in complete]
        while open_jobs:
            job = open_jobs.pop()
            if job.key not in wanted:
                wanted.add(job.key)
                open_jobs += [needed for needed in job.inputs if needed.key not in complete]
        return {key: job for key, job in self.jobs.items() if key in wanted}

    @property
    def unshared_iterations(self) -> int:
        """Iterations that would be trained if every trial were run alone.

        A trial alone still trains its own pretraining and its own IMP chain once.
        """
        return sum(iterations(ancestry(trial.job)) for trial in self.trials)


def iterations(jobs: Iterable[Job]) -> int:
    return sum(job.iterations for job in jobs)


def trainings(jobs: Iterable[Job]) -> int:
    """How many of some jobs train: all but masks, measurements and initial states."""
    return sum(isinstance(job, Arm | State) and job.iterations > 0 for job in jobs)


def ancestry(job: Job) -> list[Job]:
    """A job and everything it needs, inputs first."""
    ordered: dict[str, Job] = {}
    _add(job, ordered)
    return list(ordered.values())


def _add(job: Job, ordered: dict[str, Job]) -> None:
    """Depth first without recursion: a chain of IMP levels is deep."""
    stack: list[tuple[Job, bool]] = [(job, False)]
    while stack:
        current, expanded = stack.pop()
        if current.key in ordered:
            continue
        if expanded:
            ordered[current.key] = current
        else:
            stack.append((current, True))
            stack += [(needed, False) for needed in reversed(current.inputs)]
