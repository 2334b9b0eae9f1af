"""Gradients of the mean cross-entropy of a batch.

Autograd's bookkeeping is most of the time of a tiny network's iteration. For multilayer
perceptrons the same kernels are called here by hand, in the order in which autograd calls them:
the gradients have the same bits (tested) and an iteration of `digits-mlp` takes a third of the
time. Other networks go through autograd.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeGuard

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from trainables.networks.mlp import BATCHNORM_MOMENTUM, MLP
from trainables.recipe import Recipe

Gradients = Callable[[Tensor, Tensor], None]
"""Sets `.grad` of every parameter for a batch: inputs [B, ...], labels [B]."""

AUXILIARY_WEIGHT = 0.4
"""Of the loss of an auxiliary output (Inception-v3) beside the network's own."""

_aten = torch.ops.aten
_batch_norm_backward = _aten.native_batch_norm_backward.default
_log_softmax_backward = _aten._log_softmax_backward_data.default
_nll_forward = _aten.nll_loss_forward.default
_nll_backward = _aten.nll_loss_backward.default
_relu_backward = _aten.threshold_backward.default


def gradients(network: nn.Module, recipe: Recipe, *, by_hand: bool = True) -> Gradients:
    """The gradient function of a network in training mode; BatchNorm's statistics move too.

    In bf16, layers compute with bfloat16 copies of their weights and inputs. `by_hand=False`
    sends everything through autograd.
    """
    label_smoothing, bf16 = recipe.label_smoothing, recipe.precision == "bf16"
    if by_hand and can_by_hand(network, recipe):
        return _mlp(network)

    parameters = list(network.parameters())

    def autograd(inputs: Tensor, labels: Tensor) -> None:
        for parameter in parameters:
            parameter.grad = None
        with torch.enable_grad(), torch.autocast(inputs.device.type, torch.bfloat16, bf16):
            outputs = network(inputs)
            logits, *auxiliary = outputs if isinstance(outputs, tuple) else (outputs,)
            loss = cross_entropy(logits, labels, label_smoothing=label_smoothing)
            for side in auxiliary:
                loss = loss + AUXILIARY_WEIGHT * cross_entropy(
                    side, labels, label_smoothing=label_smoothing
                )
        loss.backward()

    return autograd


def can_by_hand(network: nn.Module, recipe: Recipe) -> TypeGuard[MLP]:
    """Whether a network's gradients can be computed without autograd."""
    return isinstance(network, MLP) and recipe.precision != "bf16" and not recipe.label_smoothing


def _mlp(network: MLP) -> Gradients:
    layers = network.hidden_layers()
    output = network.output
    one = torch.ones((), dtype=output.weight.dtype, device=output.weight.device)

    def step(inputs: Tensor, labels: Tensor) -> None:
        if len(inputs) == 1 and network.norms:
            raise ValueError("BatchNorm needs more than 1 value per channel in training")
        hidden = inputs.flatten(1)
        tape = []  # a layer's input and sums; BatchNorm's mean and 1/deviation of the batch
        for linear, norm in layers:
            if norm is None:
                sums = torch.addmm(linear.bias, hidden, linear.weight.t())
                tape.append((hidden, sums, sums, sums))
                hidden = torch.relu(sums)
            else:
                sums = torch.mm(hidden, linear.weight.t())
                normal, mean, rstd = torch.native_batch_norm(
                    sums, norm.weight, norm.bias, norm.running_mean, norm.running_var,
                    True, BATCHNORM_MOMENTUM, norm.eps,
                )  # fmt: skip
                tape.append((hidden, sums, mean, rstd))
                hidden = torch.relu_(normal)
        logits = torch.addmm(output.bias, hidden, output.weight.t())
        log_p = torch.log_softmax(logits, 1)
        _, total = _nll_forward(log_p, labels, None, 1, -100)
        delta = _nll_backward(one, log_p, labels, None, 1, -100, total)
        delta = _log_softmax_backward(delta, log_p, 1, log_p.dtype)

        output.weight.grad = torch.mm(delta.t(), hidden)
        output.bias.grad = delta.sum(0)
        upper = output.weight
        for (linear, norm), (below, sums, mean, rstd) in zip(
            reversed(layers), reversed(tape), strict=True
        ):
            delta = _relu_backward(torch.mm(delta, upper), hidden, 0)
            if norm is None:
                linear.bias.grad = delta.sum(0)
            else:
                delta, norm.weight.grad, norm.bias.grad = _batch_norm_backward(
                    delta, sums, norm.weight, norm.running_mean, norm.running_var,
                    mean, rstd, True, norm.eps, [True, True, True],
                )  # fmt: skip
            linear.weight.grad = torch.mm(delta.t(), below)
            upper, hidden = linear.weight, below

    return step
