"""Searches along an axis on which something begins, or ceases, to hold: pure, one step at a time.

A search is a function of what is known of its points. It asks for those that it needs, and ends in
the same place whatever the order in which it hears of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Holds = Callable[[int, bool], bool | None]
"""Whether something holds at the point of some index; None if that is not known yet. The second
argument is the answer after which a search goes on for longer."""


@dataclass(frozen=True)
class Bracket:
    """Where a search ended, by the indices of points."""

    failed: int | None
    """The last point at which it does not hold, next to `onset`; None if it holds at the first."""
    onset: int | None
    """The first point at which it holds; None if it does not hold at the last."""


def first(holds: Holds, points: int) -> Bracket | None:
    """Find by bisection from which of so many points on something holds; None while it waits.

    Both ends are asked for at once. It is taken to hold from one point on: where it comes and goes,
    one of the places is found at which it begins.
    """
    last = points - 1
    at_end = holds(last, True)
    at_start = holds(0, False)
    if at_end is False:
        return None if at_start is None else Bracket(last, None)
    if at_end is None or at_start is None:
        return None
    if at_start:
        return Bracket(None, 0)
    failed, onset = 0, last
    while onset - failed > 1:
        middle = (failed + onset) // 2
        answer = holds(middle, False)
        if answer is None:
            return None
        failed, onset = (failed, middle) if answer else (middle, onset)
    return Bracket(failed, onset)


def last(holds: Holds, points: int) -> Bracket | None:
    """Find up to which of so many points something holds; None while it waits.

    Steps double from the first point on, until it fails; then by bisection. So no point is asked
    for that is more than twice as far as where it ends. Here `onset` is the last point at which it
    holds, None if it fails at the first; and `failed` the next one, None if it holds everywhere.
    """
    good, bad, step = -1, points, 1
    while good + step < bad:
        at = min(good + step, points - 1)
        answer = holds(at, at < points - 1)
        if answer is None:
            return None
        if not answer:
            bad = at
            break
        good, step = at, 2 * step
        if good == points - 1:
            break
        step = min(step, points - 1 - good)
    while bad - good > 1:
        middle = (good + bad) // 2
        answer = holds(middle, True)
        if answer is None:
            return None
        good, bad = (middle, bad) if answer else (good, middle)
    return Bracket(bad if bad < points else None, good if good >= 0 else None)
