"""Masks that need no scores: dense, magnitude's and random ones; and what masks do to tensors.

A mask maps the name of each prunable weight to a bool tensor of its shape; true is kept.
"""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.pruning.keeping import keep_best, left_after
from trainables.seeds import generator
from trainables.weights import Mask, Weights


def full_mask(weights: Weights, names: list[str]) -> Mask:
    """Return the mask of the dense network."""
    return {name: torch.ones_like(weights[name], dtype=torch.bool) for name in names}


def weights_left(mask: Mask) -> float:
    """Return the percentage of the prunable weights that a mask keeps."""
    kept = sum(int(keep.sum()) for keep in mask.values())
    return 100 * kept / sum(keep.numel() for keep in mask.values())


def masked(weights: Weights, mask: Mask | None) -> Weights:
    """Return weights with zeros where a mask prunes them."""
    pruned = {name: weights[name] * keep.to(weights[name]) for name, keep in (mask or {}).items()}
    return weights | pruned


def masked_slots(slots: dict[str, Tensor], mask: Mask | None) -> dict[str, Tensor]:
    """Return optimizer tensors, named `slot/weight`, with zeros where a mask prunes the weight."""
    keeps = {key: (mask or {}).get(key.rpartition("/")[2]) for key in slots}
    return {key: t if (keep := keeps[key]) is None else t * keep for key, t in slots.items()}


def prune_by_magnitude(weights: Weights, mask: Mask, fraction: float, rounds: int = 1) -> Mask:
    """Prune the `fraction` of the remaining weights of lowest magnitude, over all tensors at once.

    LMC Algorithm 2. `rounds` rounds prune at once, each the number that `levels.number_to_prune`
    gives. Of equal magnitudes, the first go: in the mask's order of tensors, then by index.

    Raises ValueError if a remaining weight is not a number (the training diverged).
    """
    if any(weights[name][keep].isnan().any() for name, keep in mask.items()):
        raise ValueError("cannot prune by magnitude: weights are not numbers (training diverged)")
    magnitudes = {name: weights[name].abs() for name in mask}
    return keep_best(magnitudes, mask, left_after(mask, fraction, rounds))


def prune_randomly(like: Mask, seed: int) -> Mask:
    """Return a random mask that keeps as many weights per tensor as `like` does (LMC section 4)."""
    mask = {}
    for name, keep in like.items():
        stream = generator("random-pruning", seed, int(keep.sum()), name)
        chosen = torch.randperm(keep.numel(), generator=stream)[: int(keep.sum())]
        mask[name] = torch.zeros(keep.numel(), dtype=torch.bool)
        mask[name][chosen] = True
        mask[name] = mask[name].view(keep.shape)
    return mask
