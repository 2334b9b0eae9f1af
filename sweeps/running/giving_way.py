"""Decide when a training gives way to one that waits. Pure.

Three equal trainings on two workers end after 1.5 of their length if they take turns, and after 2
if they don't. At the end of a sweep this is much, before it nothing.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

TURN_SECONDS = 5.0
"""What a training that gives way does at least in between: giving way costs some 0.3 s (LeNet)."""


def turn_seconds(rests: Sequence[float], workers: int, remaining: float) -> float | None:
    """Return after how many seconds to give way; None if nothing is gained.

    `rests` are the seconds that the pieces of work under way or waiting still take, `remaining`
    those of all work.
    """
    least = max(*rests, sum(rests) / workers)
    if sum(rests) < remaining / 2 or _one_by_one(rests, workers) < 1.1 * least:
        return None
    return max(TURN_SECONDS, least / 5)


def _one_by_one(seconds: Sequence[float], workers: int) -> float:
    """Return when the last of pieces of work is done, if each is done in one go."""
    ends = [0.0] * workers
    for piece in sorted(seconds, reverse=True):
        heapq.heapreplace(ends, ends[0] + piece)
    return max(ends)
