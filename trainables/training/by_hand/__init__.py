"""Multilayer perceptrons computed by hand: gradients, dense, sparse or stacked, and linear paths.

Autograd and modules take most of the time of a tiny network's iteration. The modules here call the
same kernels directly; they alone know how an MLP is built. `trainables.training.gradients` and
`trainables.measures.path` choose between them and the routes that serve every network.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeGuard

from torch import Tensor, nn

from trainables.networks.mlp import MLP
from trainables.recipe import Recipe

Gradients = Callable[[Tensor, Tensor], None]
"""Sets `.grad` of every parameter for a batch: inputs [B, ...], labels [B]. For a stack of R
networks: inputs [R * B, ...], labels [R, B]."""


def can_by_hand(network: nn.Module, recipe: Recipe) -> TypeGuard[MLP]:
    """Return whether a network's gradients can be computed without autograd."""
    return type(network) is MLP and recipe.precision != "bf16" and not recipe.label_smoothing
