"""Which combinations of a search go on after a rung: successive halving, in order. Pure."""

from __future__ import annotations

from typing import Literal


class Rungs:
    """Judges combinations on rungs, each rung in the order of their numbers.

    A combination goes on if it is among the best 1 / `factor` of those judged on the rung so far,
    itself included, or is the best of them. So nothing depends on when values arrive, and no value
    is waited for that a later combination has. Of equal ones the earlier is the better. Of n values
    in random order n / `factor` go on on average, and few more; of values that only get better all
    of them, and of values that only get worse the first.
    """

    def __init__(self, number: int, factor: int, mode: Literal["min", "max"]):
        self._factor, self._sign = factor, 1.0 if mode == "min" else -1.0
        self._values: list[list[float]] = [[] for _ in range(number)]

    def goes_on(self, rung: int, value: float) -> bool:
        """Return whether the next combination that is judged on a rung goes on."""
        values, own = self._values[rung], self._sign * value
        ahead = sum(other <= own for other in values)
        values.append(own)
        return ahead < max(1, len(values) // self._factor)
