"""Which ready jobs to hand out together: chains of them, or trainings side by side."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from sweeps.running.backlog import Backlog, Entry
from sweeps.running.losses import Losses

STACKED_BATCH_SECONDS = 20.0
"""Estimated work of a batch of stacked trainings: the more it holds, the more go side by side."""


def deep(backlog: Backlog, losses: Losses, workers: int, batch_seconds: float) -> list[str]:
    """Take chains of jobs one after another: trainings take turns, so results come one by one.

    Jobs whose workers died (`losses`) make a batch each.
    """
    # Smaller batches near the end keep every worker busy until it.
    target = min(batch_seconds, backlog.remaining_seconds / (2 * workers))
    fair = _fair_share(backlog, workers, target)
    batch = [heapq.heappop(backlog.ready)[-1]]
    unlocked = _Unlocked(backlog, batch)
    spent = backlog.cost[batch[0]]
    while batch[0] not in losses and (unlocked.heap or backlog.ready):
        heap = unlocked.heap or backlog.ready
        *_, key = heap[0]
        limit = target if heap is unlocked.heap else fair
        if key in losses or spent + backlog.cost[key] > limit:
            break
        heapq.heappop(heap)
        batch.append(key)
        unlocked.by(key)
        spent += backlog.cost[key]
    return batch


def _fair_share(backlog: Backlog, workers: int, most: float) -> float:
    """Return each worker's share of what is ready, in seconds; `most` if it is more."""
    waiting = 0.0
    for *_, key in backlog.ready:  # thousands: counted no further than it matters
        waiting += backlog.cost[key]
        if waiting > most * workers:
            return most
    return waiting / workers


def wide(backlog: Backlog, losses: Losses, workers: int, running: int) -> list[str]:
    """Take trainings to do side by side, while `running` batches are under way.

    They are an idle worker's share of what is ready, and what that leads to. Of chains of equal
    length each worker gets as many as another.
    """
    ordered = sorted(backlog.ready)
    idle = max(1, workers - running)
    lost = [entry for entry in ordered if entry[-1] in losses]
    taken = lost[:1] or _affordable(backlog, workers, ordered[::idle])
    batch = [key for *_, key in taken]
    chosen = set(batch)
    backlog.ready = [entry for entry in ordered if entry[-1] not in chosen]
    if lost:
        return batch
    target = min(STACKED_BATCH_SECONDS, backlog.remaining_seconds / workers)
    unlocked = _Unlocked(backlog, batch)
    spent = sum(backlog.cost[key] for key in batch)
    while unlocked.heap and spent < target:
        *_, key = heapq.heappop(unlocked.heap)
        batch.append(key)
        unlocked.by(key)
        spent += backlog.cost[key]
    return batch


def _affordable(backlog: Backlog, workers: int, entries: list[Entry]) -> list[Entry]:
    """Return the first entries that make up no more than half a worker's share of what is left.

    Whoever comes while the others are busy would take everything that is ready.
    """
    most = backlog.remaining_seconds / (2 * workers)
    spent = 0.0
    for number, (*_, key) in enumerate(entries):
        spent += backlog.cost[key]
        if number and spent > most:
            return entries[:number]
    return entries


class _Unlocked:
    """Keeps the jobs that a batch makes ready, most urgent first."""

    def __init__(self, backlog: Backlog, batch: Iterable[str]):
        self.heap: list[Entry] = []
        self._backlog = backlog
        self._missing: dict[str, int] = {}
        for key in batch:
            self.by(key)

    def by(self, key: str) -> None:
        """Add the jobs that this job of the batch makes ready."""
        for dependant in self._backlog.dependants.get(key, ()):
            missing = self._missing.get(dependant, self._backlog.missing[dependant]) - 1
            self._missing[dependant] = missing
            if missing == 0:
                self._backlog.push(self.heap, [dependant])
