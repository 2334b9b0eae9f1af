"""Paths between trained networks."""

from __future__ import annotations

from torch import Tensor

from trainables.weights import Weights


def alphas(points: int) -> list[float]:
    """Return evenly spaced values in [0, 1], both ends included (LMC section 2: 30 of them)."""
    return [point / (points - 1) for point in range(points)]


def interpolate(first: Weights, second: Weights, alpha: float) -> Weights:
    """Return W(alpha) = alpha W_1 + (1 - alpha) W_2, BatchNorm statistics included.

    LMC Algorithm 1. The ends are the networks themselves, to the bit.
    """
    return {name: mix(value, second[name], alpha) for name, value in first.items()}


def mix(first: Tensor, second: Tensor, alpha: float) -> Tensor:
    """Return alpha first + (1 - alpha) second; the ends themselves at 1 and 0."""
    if alpha in (0, 1):
        return first if alpha else second
    return first * alpha + second * (1 - alpha)
