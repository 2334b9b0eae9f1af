"""Gradients of the mean cross-entropy of a batch, by the fastest route that a network allows.

Multilayer perceptrons are computed by hand (`trainables.training.by_hand`), other networks by
autograd. Where an example has several labels, every one of them counts as an example.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from trainables.recipe import Recipe
from trainables.training.by_hand import Gradients, can_by_hand
from trainables.training.by_hand.dense import dense_gradients
from trainables.training.by_hand.sparse import SparseLinear, sparse_gradients
from trainables.training.by_hand.stacked import stacked_gradients

AUXILIARY_WEIGHT = 0.4
"""Weight of the loss of an auxiliary output (Inception-v3) beside that of the network's own."""


def gradients(network: nn.Module, recipe: Recipe, *, by_hand: bool = True) -> Gradients:
    """Return the gradient function of a network in training mode; BatchNorm's statistics move too.

    With precision bf16, layers compute with bfloat16 copies of their weights and inputs.
    `by_hand=False` sends everything through autograd.
    """
    if by_hand and can_by_hand(network, recipe):
        sparse = any(isinstance(module, SparseLinear) for module in network.modules())
        return sparse_gradients(network) if sparse else dense_gradients(network)
    return _autograd(network, recipe)


def gradients_of_stack(network: nn.Module, recipe: Recipe, count: int) -> Gradients:
    """Return the gradient function of a stack of `count` networks in training mode."""
    if can_by_hand(network, recipe):
        return stacked_gradients(network, count)
    return _stacked_autograd(network, recipe, count)


def _autograd(network: nn.Module, recipe: Recipe) -> Gradients:
    label_smoothing, bf16 = recipe.label_smoothing, recipe.precision == "bf16"
    parameters = list(network.parameters())

    def autograd(inputs: Tensor, labels: Tensor) -> None:
        for parameter in parameters:
            parameter.grad = None
        with torch.enable_grad(), torch.autocast(inputs.device.type, torch.bfloat16, bf16):
            outputs = network(inputs)
            logits, *auxiliary = outputs if isinstance(outputs, tuple) else (outputs,)
            targets = labels.flatten()
            loss = cross_entropy(logits.flatten(0, -2), targets, label_smoothing=label_smoothing)
            for side in auxiliary:
                loss = loss + AUXILIARY_WEIGHT * cross_entropy(
                    side.flatten(0, -2), targets, label_smoothing=label_smoothing
                )
        loss.backward()

    return autograd


def _stacked_autograd(network: nn.Module, recipe: Recipe, count: int) -> Gradients:
    parameters = list(network.parameters())
    bf16 = recipe.precision == "bf16"

    def autograd(inputs: Tensor, labels: Tensor) -> None:
        for parameter in parameters:
            parameter.grad = None
        sides = inputs.view(count, -1, *inputs.shape[1:])
        # Channels of replica r after those of replica r - 1.
        together = sides.transpose(0, 1).flatten(1, 2)
        if together.ndim == 4:
            together = together.contiguous(memory_format=torch.channels_last)
        with torch.enable_grad(), torch.autocast(inputs.device.type, torch.bfloat16, bf16):
            logits = network(together).view(labels.shape[1], count, -1)
            loss = cross_entropy(
                logits.flatten(0, 1), labels.t().flatten(), reduction="sum",
                label_smoothing=recipe.label_smoothing,
            )  # fmt: skip
            loss = loss / labels.shape[1]
        loss.backward()

    return autograd
