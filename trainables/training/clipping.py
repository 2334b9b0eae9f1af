"""Gradients scaled down where they are longer than a recipe's limit."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from trainables.recipe import Recipe
from trainables.weights import Mask


def clipping(
    recipe: Recipe, network: nn.Module, masks: Mask, replicas: int = 1
) -> Callable[[], None]:
    """Return a function that clips the gradient of a network; of a stack, that of each replica.

    The gradient's length is its L2 norm over all parameters together, as that of
    `torch.nn.utils.clip_grad_norm_`. `masks` are those of parameters that hold pruned weights: what
    would be their gradient becomes 0, and does not count.
    """
    limit = recipe.gradient_clipping
    if limit is None:
        return lambda: None
    named = dict(network.named_parameters())
    masked = [(named[name], mask) for name, mask in masks.items()]

    def clip() -> None:
        for parameter, mask in masked:
            if parameter.grad is not None:
                parameter.grad.mul_(mask)
        if replicas == 1:
            clip_grad_norm_(named.values(), limit, foreach=True)
            return
        for number in range(replicas):
            _scale([p.grad.chunk(replicas)[number] for p in named.values() if p.grad is not None])

    def _scale(gradients: list[Tensor]) -> None:
        """Do as `clip_grad_norm_` does with tensors that are no parameters."""
        norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
        torch._foreach_mul_(gradients, torch.clamp(limit / (norm + 1e-6), max=1.0))

    return clip
