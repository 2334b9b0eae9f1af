"""Gradients of several multilayer perceptrons side by side (`trainables.networks.stacked`)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from trainables.networks.mlp import BATCHNORM_MOMENTUM, MLP
from trainables.networks.stacked import StackedLinear
from trainables.training.by_hand import Gradients
from trainables.training.by_hand.kernels import batch_norm_backward, relu_backward


class _Layer:
    """A stacked linear layer and its BatchNorm, or none, as views that are made once: looking
    them up in modules is a good part of a tiny network's step."""

    def __init__(self, linear: nn.Module, norm: nn.BatchNorm1d | None):
        assert isinstance(linear, StackedLinear)
        parameter = linear.weight
        shape = (linear.replicas, -1, parameter.shape[1])
        self.weight = parameter.detach().view(shape)
        """[R, outputs, inputs]"""
        self.upwards = self.weight.transpose(1, 2)
        parameter.grad = torch.empty_like(parameter)
        self.gradient = parameter.grad.view(shape)
        self.bias = linear.bias
        self.norm = norm
        if norm is not None:
            self.scale, self.shift = norm.weight, norm.bias
            self.statistics = norm.running_mean, norm.running_var
            self.eps = norm.eps

    def bias_columns(self) -> Tensor:
        """[R, outputs, 1]"""
        return self.bias.detach().view(*self.weight.shape[:2], 1)


def stacked_gradients(network: MLP, count: int) -> Gradients:
    """Return the gradient function of a stack of `count` MLPs in training mode.

    Features come first: every kernel reads activations [R, features, B] in order.
    """
    layers = [_Layer(linear, norm) for linear, norm in network.hidden_layers()]
    top = _Layer(network.output, None)
    minus_one = -torch.ones((), dtype=top.weight.dtype, device=top.weight.device)

    def step(inputs: Tensor, labels: Tensor) -> None:
        size = labels.shape[1]
        hidden = inputs.view(count, size, -1).transpose(1, 2)
        tape = []
        for layer in layers:
            sums = torch.bmm(layer.weight, hidden)
            if layer.norm is None:
                sums.add_(layer.bias_columns())
                tape.append((layer, hidden, sums, sums, sums))
                hidden = torch.relu(sums)
            else:
                flat = sums.view(1, -1, size)
                normal, mean, rstd = torch.native_batch_norm(
                    flat, layer.scale, layer.shift, *layer.statistics,
                    True, BATCHNORM_MOMENTUM, layer.eps,
                )  # fmt: skip
                tape.append((layer, hidden, flat, mean, rstd))
                hidden = torch.relu_(normal).view_as(sums)
        logits = torch.bmm(top.weight, hidden).add_(top.bias_columns())
        # d loss / d logits = (softmax - one-hot) / B
        delta = torch.softmax(logits, 1)
        delta.scatter_add_(1, labels.unsqueeze(1), minus_one.expand(count, 1, size))
        delta.div_(size)

        torch.bmm(delta, hidden.transpose(1, 2), out=top.gradient)
        top.bias.grad = delta.sum(2).view(-1)
        above = top
        for layer, below, flat, mean, rstd in reversed(tape):
            delta = relu_backward(torch.bmm(above.upwards, delta), hidden, 0)
            if layer.norm is None:
                layer.bias.grad = delta.sum(2).view(-1)
            else:
                change, layer.scale.grad, layer.shift.grad = batch_norm_backward(
                    delta.view(1, -1, size), flat, layer.scale, *layer.statistics,
                    mean, rstd, True, layer.eps, [True, True, True],
                )  # fmt: skip
                delta = change.view_as(delta)
            torch.bmm(delta, below.transpose(1, 2), out=layer.gradient)
            above, hidden = layer, below

    return step
