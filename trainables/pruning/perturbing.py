"""Moving weights as far as pruning does, but in a random direction (Unmasking appendix D)."""

from __future__ import annotations

import torch

from trainables.seeds import generator
from trainables.weights import Mask, Weights


def norm_of_pruned(weights: Weights, mask: Mask) -> float:
    """Return the L2 norm of the weights that a mask prunes: how far projecting on it moves."""
    parts = (weights[name].cpu().double()[~keep.cpu()] for name, keep in mask.items())
    return float(torch.cat(list(parts)).norm())


def perturbed(weights: Weights, mask: Mask, distance: float, *seed: int) -> Weights:
    """Return weights that are moved by a distance in a random direction over all prunable weights.

    The direction is a normalised Gaussian vector, of each tensor of `mask` from a stream of its
    own; what the mask keeps is moved as what it prunes. Other parameters stay.
    """
    drawn = {
        name: torch.randn(keep.shape, generator=generator("perturbation", *seed, name)).double()
        for name, keep in mask.items()
    }
    length = torch.cat([part.flatten() for part in drawn.values()]).norm()
    moved = {
        name: (weights[name].cpu().double() + part * (distance / length)).to(weights[name])
        for name, part in drawn.items()
    }
    return weights | moved
