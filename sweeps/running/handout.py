"""Hand out a schedule's jobs, but not those that another sweep on the same store is doing."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import accumulate

from sweeps.running.meter import Meter
from sweeps.running.rivals import Rivals
from sweeps.running.schedule import Schedule
from trainables.jobs.kinds import Job
from trainables.store import Store
from trainables.store.leases import Leases

LOOK_SECONDS = 2.0
"""Between two looks at what the other sweeps have done."""

CAPACITY_SECONDS = 5.0
"""Between two looks at how large the cluster is."""


class Handout:
    """Hands out batches, and leases their jobs in the store while they run.

    Jobs that another sweep has leased are left to it, until they are in the store or given up.
    """

    def __init__(
        self,
        schedule: Schedule,
        store: Store,
        leases: Leases,
        capacity: Callable[[], int],
        at_most: int | None = None,
        meter: Meter | None = None,
        rivals: Rivals | None = None,
    ):
        """Hand out `at_most` batches at a time; else as many as there is room for. `meter` says
        whether the sweep's budget allows one more, `rivals` whether it leaves its turn to another
        sweep of the cluster."""
        self.schedule = schedule
        self._store, self._leases, self._capacity = store, leases, capacity
        self._at_most, self._meter, self._rivals = at_most, meter, rivals
        self._held: dict[str, list[str]] = {}
        """Batch -> keys leased for it."""
        self.seconds_out_of_work = 0.0
        """Sum over all workers of the time for which there was nothing to hand out to them."""
        self._out_of_work = 0
        self._asked = self._looked = self._measured = time.monotonic()

    def next_batch(self, name: str) -> list[Job] | None:
        """Return jobs to do in this order, or None while there are none to hand out."""
        now = time.monotonic()
        self.seconds_out_of_work += self._out_of_work * (now - self._asked)
        self._asked = now
        try:
            return self._next_batch(name, now)
        finally:
            out_of_work, left = self.schedule.workers_out_of_work, self.schedule.workers
            self._out_of_work = max(0, left - len(self._held)) if self.gives_way else out_of_work

    def _next_batch(self, name: str, now: float) -> list[Job] | None:
        if now - self._measured > CAPACITY_SECONDS:
            self._measured = now
            self.schedule.workers = max(1, self._capacity())
        if self._full or self.out_of_budget or self.gives_way:
            return None
        while (jobs := self.schedule.next_batch(name)) is not None:
            keys = [job.key for job in jobs]
            ours = self._leases.claim(keys)
            if len(ours) < len(keys):
                jobs = self.schedule.withhold(name, set(keys) - ours)
                self._leases.release(ours - {job.key for job in jobs})
            if jobs and self._meter is not None:
                jobs = self._affordable(name, jobs, self._meter)
                if not jobs:
                    return None
            if jobs:
                self._held[name] = [job.key for job in jobs]
                return jobs
        return None

    @property
    def _full(self) -> bool:
        return bool(self._at_most) and len(self._held) >= (self._at_most or 0)

    def look_around(self, waiting: int) -> None:
        """Hear whether another sweep of the cluster goes first; call often.

        `waiting` is the number of batches that were handed out and have no worker yet.
        """
        if self._rivals is not None:
            more = self.schedule.ready and not self._full and not self.out_of_budget
            self._rivals.look(waiting > 0 or more, len(self._held) - waiting)

    @property
    def gives_way(self) -> bool:
        """Whether a sweep of higher priority waits for room: nothing is handed out until it has
        it."""
        return self._rivals is not None and self._rivals.gives_way

    @property
    def busy(self) -> bool:
        """Whether a batch is under way."""
        return bool(self._held)

    def _affordable(self, name: str, jobs: list[Job], meter: Meter) -> list[Job]:
        """Return the first jobs of a batch that the budget reaches for; the others are given back.

        If it does not reach for one, it counts as reached.
        """
        ends = accumulate(self.schedule.expected([job]) for job in jobs)
        number = sum(map(meter.fits, ends))
        if number < len(jobs):
            self._leases.release({job.key for job in jobs[number:]})
        if number == 0:
            meter.allows(self.schedule.expected(jobs[:1]))
            self.schedule.batch_ended(name)
            return []
        return jobs if number == len(jobs) else self.schedule.shorten(name, number)

    @property
    def out_of_budget(self) -> bool:
        """Whether nothing more is handed out as the budget does not reach for it."""
        return self._meter is not None and self._meter.reached

    @property
    def idle(self) -> bool:
        """Whether no batch is under way and none is ready.

        Every job that is left is then done by another sweep, or needs one that is.
        """
        return not self._held and not self.schedule.ready

    def batch_over(self, name: str) -> None:
        """Release the leases of a batch that has ended, well or not."""
        self._leases.release(self._held.pop(name, []))

    def done_elsewhere(self) -> list[Job]:
        """Return the jobs that another sweep has done since the last look.

        Those that it gave up become ours.
        """
        schedule = self.schedule
        if not schedule.elsewhere or time.monotonic() - self._looked < LOOK_SECONDS:
            return []
        waiting = [schedule.jobs[key] for key in sorted(schedule.elsewhere)]
        complete = self._store.complete((job.kind, job.key) for job in waiting)
        done = [job for job in waiting if job.key in complete]
        for job in done:
            schedule.job_done(job.key)
        schedule.take_back(
            job.key
            for job in waiting
            if job.key not in complete and self._leases.holder(job.key) is None
        )
        self._looked = time.monotonic()
        return done
