"""A plan while a sweep runs: it grows as jobs are done on whose outcome more depends."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sweeps.plan import Plan, growing, learning
from sweeps.plan.graph import Trial
from sweeps.spec import Sweep
from trainables.jobs import measurements
from trainables.jobs.kinds import Job, Measurement, Training
from trainables.store import Store

SHARE_OF_TIME = 0.05
"""Of the driver's time that growing may take while there is other work to hand out."""

SHARE_OF_BOUNDS = 0.02
"""That saying how many jobs there may be at most may take."""


@dataclass(frozen=True)
class Grown:
    """What has come to a plan."""

    plan: Plan
    jobs: dict[str, Job]
    """New ones that are to be done, inputs first."""
    there: list[Job]
    """New ones that the store has."""
    trials: list[Trial]
    """New ones, those with all their measurements in the store included."""


class Growth:
    """Holds a spec's plan, and lets it grow."""

    def __init__(self, spec: Sweep, store: Store):
        """Plan as far as the store's artifacts allow. Raises StoreError."""
        self._spec, self._store = spec, store
        self.plan, self._facts = growing.from_store(spec, store)
        self.complete: set[str] = set()
        """Keys of the jobs whose artifacts the store has, once `look` was called."""
        self._heard = False
        self._ended = -float("inf")
        self._took = 0.0
        self._bounded, self._bounding = -float("inf"), 0.0
        self.at_most = 0
        """Jobs that there may be, as far as is known; 0 for a plan that does not grow."""
        if self.plan.open:
            self._bound()

    def look(self) -> None:
        """Look for what the store has of the plan. Raises StoreError."""
        self.complete = complete(self.plan.jobs.values(), self._store)

    def hear(self, job: Job) -> None:
        """Note that a job is done."""
        self._heard = self._heard or job.key in self.plan.open

    def due(self, busy: bool) -> bool:
        """Return whether to grow now; not at once while workers are `busy`, but soon."""
        waited = time.monotonic() - self._ended
        return self._heard and not (busy and waited * SHARE_OF_TIME < self._took)

    def grow(self, done: Collection[str], taken: Collection[str]) -> Grown:
        """Grow by what the store tells now.

        `taken` are the keys of what this run has taken on, `done` of what it has done of these.
        Raises StoreError.
        """
        begin = time.monotonic()
        self._heard = False
        before = self.plan
        self.plan, self._facts = growing.from_store(self._spec, self._store, self._facts)
        new = [job for key, job in self.plan.jobs.items() if key not in before.jobs]
        self.complete |= complete(new, self._store) | set(done)
        needed = self.plan.needed(self.complete)
        trials = {trial.key for trial in before.trials}
        grown = Grown(
            plan=self.plan,
            jobs={key: job for key, job in needed.items() if key not in taken},
            there=[job for job in new if job.key in self.complete],
            trials=[trial for trial in self.plan.trials if trial.key not in trials],
        )
        self._bound()
        self._ended = time.monotonic()
        self._took = self._ended - begin
        return grown

    def evaluated(self, grown: Grown) -> list[Training]:
        """Return the new trainings that the store has, with their learning curves."""
        there = {job.key for job in grown.there}
        return learning.stored(grown.plan, there, self._store).evaluated

    def _bound(self) -> None:
        """Say how many jobs there may be; seldom where that takes long, as a bound stays one."""
        if not self.plan.open:
            self.at_most = len(self.plan.jobs)
            return
        begin = time.monotonic()
        if (begin - self._bounded) * SHARE_OF_BOUNDS < self._bounding:
            self.at_most = max(self.at_most, len(self.plan.jobs))
            return
        more = growing.most(self._spec, self._facts, self.plan)
        self.at_most = len(self.plan.jobs) + sum(map(len, more))
        self._bounded = time.monotonic()
        self._bounding = self._bounded - begin


def complete(jobs: Iterable[Job], store: Store) -> set[str]:
    """Return the keys of the jobs whose artifacts the store has; measurements are read to be sure.

    Raises StoreError.
    """
    by_key = {job.key: job for job in jobs}
    there = store.complete((job.kind, job.key) for job in by_key.values())
    measured = [by_key[key] for key in there if isinstance(by_key[key], Measurement)]
    unsound = {job.key for job in measured} - measurements.sound(
        store, (job for job in measured if isinstance(job, Measurement))
    )
    return there - unsound
