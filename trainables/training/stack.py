"""Trajectory several networks of one recipe side by side, each with its own data order and mask.

Tiny networks leave a core (and all but the largest a GPU) waiting for the next small kernel:
stacked, the same kernels do the work of R networks. Each replica has the bits it would have
in any other stack of this backend, so it does not matter which jobs happen to meet; they are not
the bits of a lone training, whose kernels sum in another order.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from trainables import networks
from trainables.data.split import Split
from trainables.networks.mlp import BATCHNORM_MOMENTUM, MLP
from trainables.networks.stacked import StackedLinear, join, split, stacked
from trainables.recipe import Recipe
from trainables.training import loop
from trainables.training.augmentation import augmentation
from trainables.training.feed import data_order
from trainables.training.gradients import _batch_norm_backward, _relu_backward, can_by_hand
from trainables.training.loop import TrainingState
from trainables.training.numerics import set_numerics
from trainables.training.optimizers import optimizer
from trainables.training.schedules import learning_rate


class Replica(Protocol):
    """A training in a stack (`trainables.training.group.Trajectory`)."""

    state: TrainingState
    order_seed: int
    mask: dict[str, Tensor] | None


def train_stack(
    recipe: Recipe, replicas: Sequence[Replica], data: Split, until: int
) -> Iterator[None]:
    """Train replicas that are at one iteration up to iteration `until`, moving their states.

    Hands control back as `loop.train` does; states are whole then. Raises ValueError for a
    network that cannot be stacked.
    """
    set_numerics(recipe)
    iteration = replicas[0].state.iteration
    states = [replica.state for replica in replicas]
    if len(states) == 1:
        # A stack of one has kernels of its own, with other bits: it goes with a copy of itself.
        replicas, states = [*replicas] * 2, [*states, states[0].copy(recipe.device)]
    count = len(states)
    for state in states:
        _fill_optimizer(recipe, state)
    network = stacked(recipe.architecture, count).train()
    weights = networks.channels_last(join([state.weights for state in states]))
    networks.bind(network, weights)
    slots = networks.channels_last(join([state.optimizer for state in states]))
    step = optimizer(recipe, network, slots, count)
    split(weights, [state.weights for state in states])
    split(slots, [state.optimizer for state in states])
    set_gradients = _gradients(recipe, network, count)
    seeds = [replica.order_seed for replica in replicas]
    orders = {seed: data_order(recipe, data, seed) for seed in seeds}
    augment = {seed: augmentation(recipe, len(data), seed) for seed in seeds}
    masked, masks = _masks(replicas, weights)

    def batch() -> tuple[Tensor, Tensor]:
        """Images [R * B, ...] and labels [R, B]."""
        chosen = {seed: order.batch(iteration) for seed, order in orders.items()}
        indices = torch.cat([chosen[seed] for seed in seeds])
        images = data.images.index_select(0, indices)
        if recipe.augmentation != "none":
            parts = zip(seeds, images.chunk(count), strict=True)
            images = torch.cat([augment[s](part, chosen[s], orders[s].epoch) for s, part in parts])
        return images, data.labels.index_select(0, indices).view(count, -1)

    @torch.no_grad()
    def advance() -> None:
        nonlocal iteration
        begin = time.monotonic()
        while iteration < until:
            images, labels = batch()
            set_gradients(data.inputs(images), labels)
            step(learning_rate(recipe, iteration))
            if masks:
                torch._foreach_mul_(masked, masks)
            iteration += 1
            if time.monotonic() - begin > loop.PULSE_SECONDS:
                break
        for state in states:
            state.iteration = iteration

    with torch.no_grad():
        if masks:
            torch._foreach_mul_(masked, masks)
    while True:
        advance()
        yield
        if iteration >= until:
            return


def _masks(
    replicas: Sequence[Replica], weights: dict[str, Tensor]
) -> tuple[list[Tensor], list[Tensor]]:
    """The stack's masked weights and their masks; dense replicas keep everything."""
    named: dict[str, None] = {name: None for one in replicas for name in one.mask or ()}
    masks = []
    for name in named:
        mask = torch.ones_like(weights[name])
        for part, one in zip(mask.chunk(len(replicas)), replicas, strict=True):
            if one.mask and name in one.mask:
                part.copy_(one.mask[name])
        masks.append(mask)
    return [weights[name] for name in named], masks


def _fill_optimizer(recipe: Recipe, state: TrainingState) -> None:
    """Zeros for a fresh optimizer."""
    network = networks.build(recipe.architecture)
    networks.bind(network, state.weights)
    optimizer(recipe, network, state.optimizer)


def _gradients(recipe: Recipe, network: nn.Module, count: int) -> Callable[[Tensor, Tensor], None]:
    """Sets `.grad` of the stack for inputs [R * B, ...] and labels [R, B]."""
    if can_by_hand(network, recipe):
        return _mlp(network, count)
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


def _mlp(network: MLP, count: int) -> Callable[[Tensor, Tensor], None]:
    """By hand, features first: every kernel reads activations [R, features, B] in order."""
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
            delta = _relu_backward(torch.bmm(above.upwards, delta), hidden, 0)
            if layer.norm is None:
                layer.bias.grad = delta.sum(2).view(-1)
            else:
                change, layer.scale.grad, layer.shift.grad = _batch_norm_backward(
                    delta.view(1, -1, size), flat, layer.scale, *layer.statistics,
                    mean, rstd, True, layer.eps, [True, True, True],
                )  # fmt: skip
                delta = change.view_as(delta)
            torch.bmm(delta, below.transpose(1, 2), out=layer.gradient)
            above, hidden = layer, below

    return step
