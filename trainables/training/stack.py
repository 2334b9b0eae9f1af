"""Train several networks of one recipe side by side, each with its own data order and mask.

Tiny networks leave a core (and all but the largest a GPU) waiting for the next small kernel:
stacked, the same kernels do the work of R networks. Each replica has the bits it would have
in any other stack of this backend, so it does not matter which jobs happen to meet; they are not
the bits of a lone training, whose kernels sum in another order. On a GPU this holds between stacks
of one size only, so that every stack there has the same one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Protocol

import torch
from torch import Tensor

from trainables import networks
from trainables.data.split import Split
from trainables.networks.stacked import join, split, stacked
from trainables.recipe import Recipe
from trainables.training import loop
from trainables.training.augmentation import augmentation
from trainables.training.clipping import clipping
from trainables.training.feed import data_order
from trainables.training.gradients import gradients_of_stack
from trainables.training.loop import TrainingState
from trainables.training.numerics import set_numerics
from trainables.training.optimizers import optimizer
from trainables.training.schedules import learning_rate
from trainables.weights import Mask, Weights

MOST = {"cpu": 32, "cuda": 16}
"""Device -> trainings side by side at most: more no longer pay (measured on a CPU and an H100)."""


class Replica(Protocol):
    """A training in a stack (`trainables.training.group.Trajectory`)."""

    state: TrainingState
    order_seed: int
    mask: Mask | None


def train_stack(
    recipe: Recipe, replicas: Sequence[Replica], data: Split, until: int
) -> Iterator[None]:
    """Train replicas that are at one iteration up to iteration `until`, moving their states.

    Places that are left go to copies of the first, whose results are dropped. Hands control back as
    `loop.train` does; states are whole then. Raises ValueError for a network that cannot be
    stacked, and for more replicas than `MOST` allows.
    """
    set_numerics(recipe)
    iteration = replicas[0].state.iteration
    states = [replica.state for replica in replicas]
    count = places(recipe.device, len(states))
    missing = count - len(states)
    states += [states[0].copy(recipe.device) for _ in range(missing)]
    replicas = [*replicas, *[replicas[0]] * missing]
    for state in states:
        _fill_optimizer(recipe, state)
    network = stacked(recipe.architecture, count).train()
    weights = networks.channels_last(join([state.weights for state in states]))
    networks.bind(network, weights)
    slots = networks.channels_last(join([state.optimizer for state in states]))
    step = optimizer(recipe, network, slots, count)
    split(weights, [state.weights for state in states])
    split(slots, [state.optimizer for state in states])
    set_gradients = gradients_of_stack(network, recipe, count)
    seeds = [replica.order_seed for replica in replicas]
    orders = {seed: data_order(recipe, data, seed) for seed in seeds}
    augment = {seed: augmentation(recipe, len(data), seed) for seed in seeds}
    of_masked = _masks(replicas, weights)
    masked, masks = [weights[name] for name in of_masked], list(of_masked.values())
    clip = clipping(recipe, network, of_masked, count)

    def batch() -> tuple[Tensor, Tensor]:
        """Return images [R * B, ...] and labels [R, B]."""
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
            clip()
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


def places(device: str, replicas: int) -> int:
    """Return how many networks a stack of so many trainings has.

    On a GPU always the same number: for another size of stack cuDNN picks other kernels, whose bits
    differ (measured: ResNet-20 among 2 and among 3). On a CPU a stack of one alone would have
    kernels of its own. Raises ValueError if there is no room for so many.
    """
    most = MOST[device]
    if replicas > most:
        raise ValueError(f"{replicas} trainings in a stack; a {device} has at most {most}")
    return most if device == "cuda" else max(replicas, 2)


def _masks(replicas: Sequence[Replica], weights: Weights) -> Weights:
    """Return the masks of the stack's masked weights; dense replicas keep everything."""
    named: dict[str, None] = {name: None for one in replicas for name in one.mask or ()}
    masks = {}
    for name in named:
        mask = torch.ones_like(weights[name])
        for part, one in zip(mask.chunk(len(replicas)), replicas, strict=True):
            if one.mask and name in one.mask:
                part.copy_(one.mask[name])
        masks[name] = mask
    return masks


def _fill_optimizer(recipe: Recipe, state: TrainingState) -> None:
    """Give a fresh optimizer its slots, all zeros."""
    network = networks.build(recipe.architecture)
    networks.bind(network, state.weights)
    optimizer(recipe, network, state.optimizer)
