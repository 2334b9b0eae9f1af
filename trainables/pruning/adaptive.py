"""The adaptive choice of a level's pruning ratio (Unmasking section 2.2). No torch.

A larger ratio than IMP's fixed one is taken where the pruned network stays in the sublevel set of
the training loss: where the loss is below a threshold on the whole linear path from the level's
solution to the same solution with this share of its weights pruned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Loss = Literal["evaluated", "trained"]

RATIOS = tuple(range(10, 100, 10))
"""Shares of the remaining weights that are tried, in percent, in this order."""

Tried = Sequence[tuple[int, float]]
"""Ratios (percent) in the order in which they were tried, and the highest loss on each one's path
(nats)."""


@dataclass(frozen=True)
class Adaptive:
    """How adaptive pruning measures losses."""

    loss: Loss = "evaluated"
    """Of which losses the threshold is made: `evaluated` on the batches of the dense network's last
    epoch with its final weights in `eval` mode, or as they occurred while it was `trained`."""
    examples: int | None = 2000
    """Training examples, a fixed sample, on which losses along paths are evaluated; None: all."""
    points: int = 11
    """Evenly spaced points of a path, ends included."""


def next_ratio(tried: Tried, threshold: float) -> int | None:
    """Return the ratio to try next, in percent; None once it is known how much is pruned.

    The sweep goes upward and ends at the first ratio whose highest loss is not below the threshold.
    """
    if tried and not tried[-1][1] < threshold:
        return None
    return RATIOS[len(tried)] if len(tried) < len(RATIOS) else None


def fraction_to_prune(tried: Tried, threshold: float, least: float) -> float:
    """Return the fraction of the remaining weights to prune, after a sweep.

    It is the largest ratio before the first that is not below the threshold, or `least`, IMP's
    fixed fraction, if that is more. Where losses are not monotone in the ratio, larger ratios that
    would be below the threshold again don't count: the weights that a ratio prunes are among those
    of every larger one, so each smaller step is within the set, too.
    """
    below = [ratio for ratio, highest in tried if highest < threshold]
    return max(below[-1] / 100 if below else 0.0, least)
