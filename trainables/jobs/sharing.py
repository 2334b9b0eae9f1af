"""Doing what some jobs need, beside others that work on the same store: each job is done once.

A job is leased in the store before it is begun. What another trial or sweep is doing is waited for;
what it gives up is taken over.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from trainables.jobs.ancestry import ancestry, needed
from trainables.jobs.events import Event, Failure
from trainables.jobs.execute import Executor
from trainables.jobs.kinds import Job
from trainables.store import Leases
from trainables.training.group import together

LOOK_SECONDS = 1.0
"""Between two looks at what others have done."""


@dataclass(frozen=True)
class Waiting:
    """Nothing can be done now: others do what comes next."""


class SharedWork:
    """The jobs that some wanted ones need, done one after another."""

    def __init__(self, executor: Executor, leases: Leases, wanted: Sequence[Job]):
        self.executor, self._leases, self._wanted = executor, leases, wanted
        self.jobs = {job.key: job for job in ancestry(wanted)}
        self.complete: set[str] = set()
        """Keys of what is known to be in the store."""

    def look(self) -> dict[str, Job]:
        """Return the jobs that somebody still has to do, inputs first. Raises StoreError."""
        rest = [job for key, job in self.jobs.items() if key not in self.complete]
        self.complete |= self.executor.store.complete((job.kind, job.key) for job in rest)
        return needed(self.jobs, [job.key for job in self._wanted], self.complete)

    def events(self) -> Generator[Event | Waiting]:
        """Do what is needed; yield what happens, and `Waiting` now and then while others work.

        Closing the iterator early stores checkpoints and gives back what is leased. Raises what a
        job raises.
        """
        while rest := self.look():
            ours = self._claimed(rest)
            if not ours:
                yield Waiting()
                time.sleep(LOOK_SECONDS)
                continue
            try:
                for event in self.executor.run_batch(ours):
                    if isinstance(event, Failure):
                        raise event.error
                    if isinstance(event, Job):
                        self.complete.add(event.key)
                        self._leases.release([event.key])
                    yield event
            finally:
                self._leases.release(job.key for job in ours)

    def _claimed(self, rest: dict[str, Job]) -> list[Job]:
        """Return jobs whose inputs are there, as many as are done together, once they are ours."""
        ready = [
            job for job in rest.values() if all(one.key in self.complete for one in job.inputs)
        ]
        most = together(ready[0].recipe) if ready else 0
        ours: list[Job] = []
        for job in ready:
            if len(ours) < most and self._leases.claim([job.key]):
                ours.append(job)
        # Others may have done one between the look and the claim.
        done = self.executor.store.complete((job.kind, job.key) for job in ours)
        self.complete |= done
        self._leases.release(done)
        return [job for job in ours if job.key not in done]
