"""The one place that keeps the weights of the best scores, with exact counts.

Of equal scores, the first go: in the mask's order of tensors, then by index.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from trainables.levels import number_to_prune
from trainables.weights import Mask


def left_after(mask: Mask, fraction: float, rounds: int = 1) -> int:
    """Return how many weights are left after so many rounds, each of which prunes a fraction.

    Each round prunes the number that `levels.number_to_prune` gives.
    """
    left = sum(int(keep.sum()) for keep in mask.values())
    for _ in range(rounds):
        left -= number_to_prune(left, fraction)
    return left


def keep_best(scores: Mapping[str, Tensor], mask: Mask, left: int) -> Mask:
    """Return the mask that keeps `left` of a mask's weights: those of the highest scores.

    All tensors compete. Raises ValueError if the score of a weight in the mask is not a number.
    """
    kept = torch.cat([keep.flatten() for keep in mask.values()])
    remaining = torch.cat([scores[name].flatten() for name in mask])[kept]
    if remaining.isnan().any():
        raise ValueError("cannot prune: scores are not numbers")
    lowest = remaining.sort(stable=True).indices[: len(remaining) - left]
    survivors = torch.ones_like(remaining, dtype=torch.bool)
    survivors[lowest] = False
    kept[kept.clone()] = survivors
    parts = kept.split([keep.numel() for keep in mask.values()])
    return {name: part.view(mask[name].shape) for name, part in zip(mask, parts, strict=True)}


def keep_best_by_layer(scores: Mapping[str, Tensor], mask: Mask, left: Mapping[str, int]) -> Mask:
    """Return the mask that keeps the weights of the highest scores, so many in each tensor.

    Raises ValueError as `keep_best`.
    """
    return {
        name: keep_best({name: scores[name]}, {name: keep}, left[name])[name]
        for name, keep in mask.items()
    }


def allot(shares: Mapping[str, float], room: Mapping[str, int], total: int) -> dict[str, int]:
    """Return whole numbers in proportion to `shares`, none above its `room`, of this sum.

    What a layer has no room for is shared by the others in proportion. Rounding is by largest
    remainder, the first layer first among equals. `total` is at most the sum of the rooms.
    """
    full: set[str] = set()
    while True:
        rest = total - sum(room[name] for name in full)
        free = {name: share for name, share in shares.items() if name not in full}
        whole = sum(free.values())
        # Where only layers without a share have room left, they share by their room.
        parts = free if whole > 0 else {name: float(room[name]) for name in free}
        whole = sum(parts.values()) or 1.0
        exact = {name: rest * part / whole for name, part in parts.items()}
        over = {name for name, number in exact.items() if number > room[name]}
        if not over:
            break
        full |= over
    counts = {name: room[name] if name in full else math.floor(exact[name]) for name in shares}
    by_remainder = sorted(exact, key=lambda name: counts[name] - exact[name])
    while (missing := total - sum(counts.values())) > 0:
        open_ = [name for name in by_remainder if counts[name] < room[name]]
        for name in open_[:missing]:
            counts[name] += 1
    return counts


def schedule(dense: int, left: int, steps: int) -> list[int]:
    """Return how many weights are left after each of some steps, by equal factors (SynFlow).

    After step i of n, dense * (left / dense)^(i / n) are left, rounded; after the last, `left`.
    """
    if left == 0 or dense == 0:
        return [left]
    ratio = left / dense
    counts = [max(round(dense * ratio ** (step / steps)), left) for step in range(1, steps)]
    return [*counts, left]
