"""Which jobs to hand out next. Pure: no Ray, no clock, no store.

A batch is what one Tune trial does. Tune costs about 0.3 s per trial, so small jobs are handed
out several at a time: a chain of IMP levels, say, or the arms of a pair and then their path.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from math import ceil

from sweeps.plan.hardware import CPU_CORE, Hardware
from sweeps.running.backlog import Backlog
from sweeps.running.batching import deep, wide
from sweeps.running.giving_way import TURN_SECONDS, turn_seconds
from sweeps.running.losses import Losses
from sweeps.running.paces import Paces
from trainables.jobs.kinds import Job
from trainables.jobs.turn import TurnLength

BATCH_SECONDS = 5.0
"""Estimated work of a batch; a job that is longer is a batch of its own."""

MANY_JOBS = 1000
"""Up to which the longest chain is looked for at each report, in 0.2 ms; of more jobs it is
seldom what a sweep waits for."""


class Schedule:
    """The state of a plan's jobs while a run goes on.

    Leaves (measurements) come first, so that results come as early as they can; then the jobs
    that the longest chains wait for.
    """

    def __init__(
        self,
        jobs: Mapping[str, Job],
        workers: int,
        batch_seconds: float = BATCH_SECONDS,
        on: Hardware = CPU_CORE,
    ):
        self.jobs = dict(jobs)
        self.workers = workers
        self.batch_seconds = batch_seconds
        self.done: set[str] = set()
        self.failed: dict[str, str] = {}
        """Key -> one line, for the jobs that raised or whose workers kept dying."""
        self._backlog = Backlog(self.jobs, on)
        self._paces = Paces()
        self._stacked = any(job.recipe.backend == "stacked" for job in self.jobs.values())
        self._running: dict[str, tuple[str, ...]] = {}
        self._taken: set[str] = set()
        """Jobs of the running batches; a job is in one at a time."""
        self._losses = Losses()
        self.elsewhere: set[str] = set()
        """Jobs that another sweep on the same store is doing."""

    def add(self, jobs: Mapping[str, Job]) -> None:
        """Take on jobs that have come to the plan, inputs first.

        Those that need what failed, or was skipped, are skipped, too.
        """
        lost = {*self.failed, *self.skipped}
        possible = {}
        for key, job in jobs.items():
            if any(needed.key in lost for needed in job.inputs):
                lost.add(key)
            else:
                possible[key] = job
        self.jobs.update(jobs)
        self._backlog.add(possible)
        self._stacked = any(job.recipe.backend == "stacked" for job in self.jobs.values())

    @property
    def remaining_seconds(self) -> float:
        """Estimated work of the jobs that are neither done nor given up."""
        return self._backlog.remaining_seconds

    @property
    def finished(self) -> bool:
        """Whether nothing is running, and nothing can be handed out any more."""
        return not self._backlog.open

    @property
    def left(self) -> int:
        """Jobs that are neither done nor given up."""
        return len(self._backlog.open)

    @property
    def seconds_left(self) -> float:
        """Time until all is done, by the estimates and what work took so far: no less than that
        of the longest chain of jobs."""
        backlog, paces = self._backlog, self._paces
        slower = {kind: paces.slower(kind) for kind in backlog.remaining}
        work = sum(left * slower[kind] for kind, left in backlog.remaining.items())
        if len(backlog.open) > MANY_JOBS:
            return work / self.workers
        # Of a chain's later jobs the kinds are not known: they take what all that is left takes.
        later = work / self.remaining_seconds if self.remaining_seconds > 0 else 1.0
        chains = (
            (backlog.urgency[key][1] - backlog.cost[key]) * later
            + backlog.rest(key) * slower[backlog.kind[key]]
            for key in backlog.open
        )
        return max(work / self.workers, *chains, 0.0)

    def expected(self, jobs: Iterable[Job]) -> float:
        """Return the seconds that some jobs still take, one after another, at the pace so far."""
        backlog, slower = self._backlog, self._paces.slower
        return sum(slower(backlog.kind[job.key]) * backlog.rest(job.key) for job in jobs)

    @property
    def ready(self) -> bool:
        """Whether there is something to hand out."""
        return bool(self._backlog.ready)

    @property
    def workers_out_of_work(self) -> int:
        """Number of workers for which no job is ready: jobs wait for others, or none is left."""
        return 0 if self._backlog.ready else max(0, self.workers - len(self._running))

    @property
    def skipped(self) -> set[str]:
        """Jobs that won't be done because something they need failed."""
        return self.jobs.keys() - self.done - self.failed.keys() - self._backlog.open

    def dependants(self, keys: Iterable[str]) -> set[str]:
        """Return the jobs that need one of these, or need one that does, and so on."""
        return self._backlog.dependants_of(keys)

    def next_batch(self, name: str) -> list[Job] | None:
        """Return jobs to do in this order, or None while nothing is ready.

        `name` identifies the batch in `batch_lost` and `batch_ended`.

        A batch grows by what its own jobs make ready, and by its fair share of what else is
        ready, so that no worker is left without work that another holds.
        """
        if not self._backlog.ready:
            return None
        if self._stacked:
            batch = wide(self._backlog, self._losses, self.workers, len(self._running))
        else:
            batch = deep(self._backlog, self._losses, self.workers, self.batch_seconds)
        self._take(name, batch)
        return [self.jobs[key] for key in batch]

    def turn(self, name: str) -> TurnLength | None:
        """Return after what a batch just handed out gives way to one that waits; None for never."""
        keys, number = self._running[name], len(self._running) + len(self._backlog.ready)
        alone = len(keys) == 1 and self.jobs[keys[0]].iterations and not self._stacked
        if not alone or not self.workers < number < 3 * self.workers:
            return None
        if self._backlog.rest(keys[0]) < TURN_SECONDS:
            return None
        under_way = (
            sum(self._backlog.rest(key) for key in batch) for batch in self._running.values()
        )
        rests = [*under_way, *(self._backlog.rest(key) for *_, key in self._backlog.ready)]
        length = turn_seconds(rests, self.workers, self.remaining_seconds)
        if length is None:
            return None
        per_iteration = self._backlog.cost[keys[0]] / self.jobs[keys[0]].iterations
        return TurnLength(TURN_SECONDS, ceil(length / per_iteration))

    def moved(self, key: str, share: float) -> None:
        """Note that so much of a job is done, in [0, 1]."""
        before = self._backlog.rest(key)
        self._backlog.moved(key, share)
        self._note(key, before - self._backlog.rest(key))

    def worked(self, name: str, seconds: float) -> None:
        """Note how long a batch took for what was moved, or done, since this was last called."""
        self._paces.add(name, seconds)

    def _note(self, key: str, estimated: float) -> None:
        """Note work that was done here; not what another sweep did, or what was lost."""
        if key in self._taken:
            self._paces.done(self._backlog.kind[key], estimated)

    def stored(self, name: str, training: str, iteration: int) -> None:
        """Note that a batch would go on from this iteration of a training if its worker died."""
        self._losses.stored(self._running.get(name, ()), training, iteration)

    def job_done(self, key: str) -> None:
        if key not in self._backlog.open:
            return
        self.done.add(key)
        self._note(key, self._backlog.rest(key))
        self._close(key)
        ready = []
        for dependant in self._backlog.dependants.get(key, ()):
            self._backlog.missing[dependant] -= 1
            if self._can_run(dependant) and dependant not in self._taken:
                ready.append(dependant)
        self._backlog.push(self._backlog.ready, ready)

    def job_failed(self, key: str, reason: str) -> None:
        """Give up a job, and everything that needs it."""
        if key not in self._backlog.open:
            return
        self.failed[key] = reason
        for lost in {key, *self.dependants([key])} & self._backlog.open:
            self._close(lost)
        self._backlog.ready = [
            entry for entry in self._backlog.ready if entry[-1] in self._backlog.open
        ]
        heapq.heapify(self._backlog.ready)

    def batch_ended(self, name: str) -> None:
        """Note that a batch has reported everything it did."""
        self._put_back(self._give_back(name))

    def withhold(self, name: str, keys: Iterable[str]) -> list[Job]:
        """Take jobs that another sweep does, and what needs them, out of a batch.

        Returns the jobs that stay.
        """
        gone = set(keys)
        self.elsewhere |= gone
        stays = []
        for key in self._give_back(name):
            if key in gone or any(needed.key in gone for needed in self.jobs[key].inputs):
                gone.add(key)
            else:
                stays.append(key)
        if stays:
            self._take(name, stays)
        return [self.jobs[key] for key in stays]

    def shorten(self, name: str, number: int) -> list[Job]:
        """Leave the first jobs of a batch that was handed out, and take the others back.

        Returns the jobs that stay.
        """
        keys = self._give_back(name)
        if number:
            self._take(name, keys[:number])
        self._put_back(keys[number:])
        return [self.jobs[key] for key in keys[:number]]

    def take_back(self, keys: Iterable[str]) -> None:
        """Take jobs back that the other sweep gave up."""
        returned = self.elsewhere.intersection(keys)
        self.elsewhere -= returned
        self._put_back(sorted(returned))

    def batch_lost(self, name: str, reason: str, blameless: bool = False) -> None:
        """A batch's worker died for good. What it had not done is tried again, job by job, until
        the workers of a job have died too often since it last got further.

        `blameless`: its machine went; no job can be the reason.
        """
        unfinished = [key for key in self._give_back(name) if key in self._backlog.open]
        for key in unfinished:
            reached = self._backlog.missing[key] == 0
            if reached and not blameless and self._losses.add(key):
                self.job_failed(key, reason)
        self._put_back(unfinished)

    def _take(self, name: str, keys: Iterable[str]) -> None:
        self._running[name] = tuple(keys)
        self._taken.update(keys)

    def _give_back(self, name: str) -> tuple[str, ...]:
        keys = self._running.pop(name, ())
        self._taken.difference_update(keys)
        self._paces.ended(name)
        return keys

    def _put_back(self, keys: Iterable[str]) -> None:
        self._backlog.push(self._backlog.ready, (k for k in keys if self._can_run(k)))

    def _can_run(self, key: str) -> bool:
        return (
            key in self._backlog.open
            and key not in self.elsewhere
            and self._backlog.missing[key] == 0
        )

    def _close(self, key: str) -> None:
        self._backlog.close(key)
        self.elsewhere.discard(key)
