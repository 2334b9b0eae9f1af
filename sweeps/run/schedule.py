"""Which jobs to hand out next. Pure: no Ray, no clock, no store.

A batch is what one Tune trial does. Tune costs about 0.3 s a trial, so small jobs are handed
out several at a time: a chain of IMP levels, say, or the arms of a pair and then their path.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import count
from math import ceil

from sweeps.plan.cost import critical_paths, seconds
from sweeps.run.giving_way import TURN_SECONDS, turn_seconds
from sweeps.run.losses import Losses
from trainables.jobs.kinds import Job
from trainables.jobs.turn import TurnLength

BATCH_SECONDS = 5.0
"""Estimated work of a batch; a job that is longer is a batch of its own."""

STACKED_BATCH_SECONDS = 20.0
"""The same where trainings are stacked: the more a batch holds, the more go side by side."""

MANY_JOBS = 1000
"""Up to which the longest chain is looked for at each report, in 0.2 ms; of more jobs it is
seldom what a sweep waits for."""

Entry = tuple[float, float, int, str]
"""Of a heap of jobs: most urgent first, then first come; the key."""


class Schedule:
    """The state of a plan's jobs while a run goes on.

    Leaves (measurements) come first, so that results come as early as they can; then the jobs
    that the longest chains wait for.
    """

    def __init__(self, jobs: Mapping[str, Job], workers: int, batch_seconds: float = BATCH_SECONDS):
        self.jobs = dict(jobs)
        self.workers = workers
        self.batch_seconds = batch_seconds
        self.done: set[str] = set()
        self.failed: dict[str, str] = {}
        """Key -> one line, for the jobs that raised or whose workers kept dying."""
        self._dependants: dict[str, list[str]] = defaultdict(list)
        self._missing: dict[str, int] = {}
        for key, job in self.jobs.items():
            inputs = {needed.key for needed in job.inputs} & self.jobs.keys()
            self._missing[key] = len(inputs)
            for needed in inputs:
                self._dependants[needed].append(key)
        self._stacked = any(job.recipe.backend == "stacked" for job in self.jobs.values())
        self._cost = {key: seconds(job) for key, job in self.jobs.items()}
        self._order = count()
        paths = critical_paths(self.jobs.values())
        self._urgency = {
            key: (0 if key in self._dependants else 1, paths[key]) for key in self.jobs
        }
        self._ready: list[Entry] = []
        self._running: dict[str, tuple[str, ...]] = {}
        self._taken: set[str] = set()
        """Jobs of the running batches; a job is in one at a time."""
        self._losses = Losses()
        self._share: dict[str, float] = {}
        """Of the jobs that have begun, how much of them is done."""
        self.remaining_seconds = sum(self._cost.values())
        """Estimated work of the jobs that are neither done nor given up."""
        self._open = set(self.jobs)
        self.elsewhere: set[str] = set()
        """Jobs that another sweep on the same store is doing."""
        self._push(self._ready, (key for key, missing in self._missing.items() if missing == 0))

    @property
    def finished(self) -> bool:
        """Nothing is running, and nothing can be handed out any more."""
        return not self._open

    @property
    def left(self) -> int:
        """Jobs that are neither done nor given up."""
        return len(self._open)

    @property
    def seconds_left(self) -> float:
        """Estimated time until all is done: no less than that of the longest chain of jobs."""
        shared = self.remaining_seconds / self.workers
        if len(self._open) > MANY_JOBS:
            return shared
        chains = (self._urgency[key][1] - self._cost[key] + self._rest(key) for key in self._open)
        return max(shared, *chains, 0.0)

    @property
    def ready(self) -> bool:
        """There is something to hand out."""
        return bool(self._ready)

    @property
    def workers_out_of_work(self) -> int:
        """Workers for which there is nothing to hand out: jobs wait for others, or none is left."""
        return 0 if self._ready else max(0, self.workers - len(self._running))

    @property
    def skipped(self) -> set[str]:
        """Jobs that won't be done because something they need failed."""
        return self.jobs.keys() - self.done - self.failed.keys() - self._open

    def dependants(self, keys: Iterable[str]) -> set[str]:
        """Jobs that need one of these, or need one that does, and so on."""
        found: set[str] = set()
        waiting = list(keys)
        while waiting:
            new = set(self._dependants.get(waiting.pop(), ())) - found
            found |= new
            waiting += new
        return found

    def next_batch(self, name: str) -> list[Job] | None:
        """Jobs to do in this order, or None while nothing is ready. `name` is for `lost`.

        A batch grows by what its own jobs make ready, and by its fair share of what else is
        ready, so that no worker is left without work that another holds.
        """
        if not self._ready:
            return None
        batch = self._wide() if self._stacked else self._deep()
        self._take(name, batch)
        return [self.jobs[key] for key in batch]

    def _deep(self) -> list[str]:
        """Chains one after another: trainings take turns, so their results come one by one."""
        # Smaller batches near the end keep every worker busy until it.
        target = min(self.batch_seconds, self.remaining_seconds / (2 * self.workers))
        fair = self._fair_share(target)
        batch = [heapq.heappop(self._ready)[-1]]
        unlocked = _Unlocked(self, batch)
        spent = self._cost[batch[0]]
        while batch[0] not in self._losses and (unlocked.heap or self._ready):
            heap = unlocked.heap or self._ready
            *_, key = heap[0]
            limit = target if heap is unlocked.heap else fair
            if key in self._losses or spent + self._cost[key] > limit:
                break
            heapq.heappop(heap)
            batch.append(key)
            unlocked.by(key)
            spent += self._cost[key]
        return batch

    def _fair_share(self, most: float) -> float:
        """Seconds for each worker of what is ready; `most` if there is more."""
        waiting = 0.0
        for *_, key in self._ready:  # thousands: counted no further than it matters
            waiting += self._cost[key]
            if waiting > most * self.workers:
                return most
        return waiting / self.workers

    def _wide(self) -> list[str]:
        """Trainings side by side: an idle worker's share of what is ready, and what that leads
        to. Of chains of equal length each worker gets as many as another."""
        ordered = sorted(self._ready)
        idle = max(1, self.workers - len(self._running))
        lost = [entry for entry in ordered if entry[-1] in self._losses]
        taken = lost[:1] or self._affordable(ordered[::idle])
        batch = [key for *_, key in taken]
        chosen = set(batch)
        self._ready = [entry for entry in ordered if entry[-1] not in chosen]
        if lost:
            return batch
        target = min(STACKED_BATCH_SECONDS, self.remaining_seconds / self.workers)
        unlocked = _Unlocked(self, batch)
        spent = sum(self._cost[key] for key in batch)
        while unlocked.heap and spent < target:
            *_, key = heapq.heappop(unlocked.heap)
            batch.append(key)
            unlocked.by(key)
            spent += self._cost[key]
        return batch

    def _affordable(self, entries: list[Entry]) -> list[Entry]:
        """The first of them, as far as they are no more than half a worker's share of what is left.

        Whoever comes while the others are busy would take everything that is ready.
        """
        most = self.remaining_seconds / (2 * self.workers)
        spent = 0.0
        for number, (*_, key) in enumerate(entries):
            spent += self._cost[key]
            if number and spent > most:
                return entries[:number]
        return entries

    def turn(self, name: str) -> TurnLength | None:
        """After what a batch just handed out is to give way to one that waits; None: never."""
        keys, number = self._running[name], len(self._running) + len(self._ready)
        alone = len(keys) == 1 and self.jobs[keys[0]].iterations and not self._stacked
        if not alone or not self.workers < number < 3 * self.workers:
            return None
        if self._rest(keys[0]) < TURN_SECONDS:
            return None
        under_way = (sum(self._rest(key) for key in batch) for batch in self._running.values())
        rests = [*under_way, *(self._rest(key) for *_, key in self._ready)]
        length = turn_seconds(rests, self.workers, self.remaining_seconds)
        if length is None:
            return None
        per_iteration = self._cost[keys[0]] / self.jobs[keys[0]].iterations
        return TurnLength(TURN_SECONDS, ceil(length / per_iteration))

    def _rest(self, key: str) -> float:
        """Estimated seconds that a job still takes."""
        return self._cost[key] * (1 - self._share.get(key, 0)) if key in self._open else 0

    def moved(self, key: str, share: float) -> None:
        """So much of a job is done, in [0, 1]."""
        if key in self._open:
            self.remaining_seconds -= self._rest(key)
            self._share[key] = share
            self.remaining_seconds += self._rest(key)

    def stored(self, name: str, training: str, iteration: int) -> None:
        """A batch would go on from this iteration of a training if its worker died."""
        self._losses.stored(self._running.get(name, ()), training, iteration)

    def job_done(self, key: str) -> None:
        if key not in self._open:
            return
        self.done.add(key)
        self._close(key)
        ready = []
        for dependant in self._dependants.get(key, ()):
            self._missing[dependant] -= 1
            if self._can_run(dependant) and dependant not in self._taken:
                ready.append(dependant)
        self._push(self._ready, ready)

    def job_failed(self, key: str, reason: str) -> None:
        """Give up a job, and everything that needs it."""
        if key not in self._open:
            return
        self.failed[key] = reason
        for lost in {key, *self.dependants([key])} & self._open:
            self._close(lost)
        self._ready = [entry for entry in self._ready if entry[-1] in self._open]
        heapq.heapify(self._ready)

    def batch_ended(self, name: str) -> None:
        """A batch has reported everything it did."""
        self._put_back(self._give_back(name))

    def withhold(self, name: str, keys: Iterable[str]) -> list[Job]:
        """Another sweep does these jobs of a batch: they and what needs them leave it. Returns
        what stays."""
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

    def take_back(self, keys: Iterable[str]) -> None:
        """The other sweep gave these jobs up."""
        returned = self.elsewhere.intersection(keys)
        self.elsewhere -= returned
        self._put_back(sorted(returned))

    def batch_lost(self, name: str, reason: str, blameless: bool = False) -> None:
        """A batch's worker died for good. What it had not done is tried again, job by job, until
        the workers of a job have died too often since it last got further.

        `blameless`: its machine went; no job can be the reason.
        """
        unfinished = [key for key in self._give_back(name) if key in self._open]
        for key in unfinished:
            reached = self._missing[key] == 0
            if reached and not blameless and self._losses.add(key):
                self.job_failed(key, reason)
        self._put_back(unfinished)

    def _take(self, name: str, keys: Iterable[str]) -> None:
        self._running[name] = tuple(keys)
        self._taken.update(keys)

    def _give_back(self, name: str) -> tuple[str, ...]:
        keys = self._running.pop(name, ())
        self._taken.difference_update(keys)
        return keys

    def _put_back(self, keys: Iterable[str]) -> None:
        self._push(self._ready, (k for k in keys if self._can_run(k)))

    def _can_run(self, key: str) -> bool:
        return key in self._open and key not in self.elsewhere and self._missing[key] == 0

    def _close(self, key: str) -> None:
        self.remaining_seconds -= self._rest(key)
        self._open.discard(key)
        self._share.pop(key, None)
        self.elsewhere.discard(key)

    def _push(self, heap: list[Entry], keys: Iterable[str]) -> None:
        for key in keys:
            leaf, path = self._urgency[key]
            path -= self._cost[key] - self._rest(key)
            heapq.heappush(heap, (-leaf, -path, next(self._order), key))


class _Unlocked:
    """The jobs that a batch makes ready, most urgent first."""

    def __init__(self, schedule: Schedule, batch: Iterable[str]):
        self.heap: list[Entry] = []
        self._schedule = schedule
        self._missing: dict[str, int] = {}
        for key in batch:
            self.by(key)

    def by(self, key: str) -> None:
        for dependant in self._schedule._dependants.get(key, ()):
            missing = self._missing.get(dependant, self._schedule._missing[dependant]) - 1
            self._missing[dependant] = missing
            if missing == 0:
                self._schedule._push(self.heap, [dependant])
