"""How many weights a pruning level leaves. Whole numbers, no torch: planning needs them too."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction


def number_to_prune(remaining: int, fraction: float) -> int:
    """The whole number nearest to `fraction` of `remaining`, computed on the decimal fraction.

    (0.2 * 35 is 7.000000000000001 in floating point: rounding it up would prune one too many.)
    """
    return round(Fraction(str(fraction)) * remaining)


def weights_at_levels(prunable: int, fraction: float) -> Iterator[int]:
    """Weights left at level 0, 1, 2, ... until a level would prune nothing more."""
    while True:
        yield prunable
        pruned = number_to_prune(prunable, fraction)
        if pruned == 0:
            return
        prunable -= pruned
