"""The jobs of a plan that are not done: what they cost, and which of them are ready."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import count

from sweeps.plan.cost import critical_paths, seconds
from sweeps.plan.hardware import CPU_CORE, Hardware
from trainables.jobs.kinds import Job

Entry = tuple[float, float, int, str]
"""Element of a heap of jobs: most urgent first, then first come; the key is last."""


class Backlog:
    """Keeps jobs in the order of their urgency.

    Leaves (measurements) come first, so that results come as early as they can; then the jobs
    that the longest chains wait for.
    """

    def __init__(self, jobs: Mapping[str, Job], on: Hardware = CPU_CORE):
        self._on = on
        self.dependants: dict[str, list[str]] = defaultdict(list)
        self.missing: dict[str, int] = {}
        """How many of the jobs that a job needs are not done."""
        self.cost: dict[str, float] = {}
        """Estimated seconds of each job, from its beginning."""
        self.urgency: dict[str, tuple[int, float]] = {}
        """Key -> whether it is a leaf; seconds of the longest chain that begins with it."""
        self.kind: dict[str, str] = {}
        """Of each job: jobs of a kind are off their estimates by about the same factor."""
        self.remaining: dict[str, float] = defaultdict(float)
        """Kind -> estimated seconds of its jobs that are open."""
        self.open: set[str] = set()
        """Jobs that are neither done nor given up."""
        self._share: dict[str, float] = {}
        """How much is done of the jobs that have begun."""
        self._order = count()
        self.ready: list[Entry] = []
        """Heap of the jobs that can be handed out."""
        self.add(jobs)

    def add(self, jobs: Mapping[str, Job]) -> None:
        """Take jobs on, inputs first; what they need beside is open here, or done."""
        self.open.update(jobs)
        for key, job in jobs.items():
            inputs = {needed.key for needed in job.inputs} & self.open
            self.missing[key] = len(inputs)
            for needed in inputs:
                self.dependants[needed].append(key)
        paths = critical_paths(jobs.values(), self._on)
        for key, job in jobs.items():
            self.cost[key] = seconds(job, self._on)
            self.kind[key] = type(job).__name__
            self.urgency[key] = (0 if key in self.dependants else 1, paths[key])
            self.remaining[self.kind[key]] += self.cost[key]
        self.push(self.ready, (key for key in jobs if self.missing[key] == 0))

    @property
    def remaining_seconds(self) -> float:
        """Estimated seconds of all jobs that are open."""
        return sum(self.remaining.values())

    def dependants_of(self, keys: Iterable[str]) -> set[str]:
        """Return the jobs that need one of these, or need one that does, and so on."""
        found: set[str] = set()
        waiting = list(keys)
        while waiting:
            new = set(self.dependants.get(waiting.pop(), ())) - found
            found |= new
            waiting += new
        return found

    def rest(self, key: str) -> float:
        """Return the estimated seconds that a job still takes."""
        return self.cost[key] * (1 - self._share.get(key, 0)) if key in self.open else 0

    def moved(self, key: str, share: float) -> None:
        """Note that so much of a job is done, in [0, 1]."""
        if key in self.open:
            self.remaining[self.kind[key]] -= self.rest(key)
            self._share[key] = share
            self.remaining[self.kind[key]] += self.rest(key)

    def close(self, key: str) -> None:
        """Note that a job is done or given up."""
        if key in self.open:
            self.remaining[self.kind[key]] -= self.rest(key)
        self.open.discard(key)
        self._share.pop(key, None)

    def push(self, heap: list[Entry], keys: Iterable[str]) -> None:
        """Put jobs onto a heap by their urgency."""
        for key in keys:
            leaf, path = self.urgency[key]
            path -= self.cost[key] - self.rest(key)
            heapq.heappush(heap, (-leaf, -path, next(self._order), key))
