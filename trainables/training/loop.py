"""The training loop: A(W, u, k -> T) of the papers (LMC section 2)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from trainables import networks
from trainables.data.split import Split
from trainables.recipe import Recipe
from trainables.seeds import derive
from trainables.training.augmentation import augmentation
from trainables.training.gradients import gradients
from trainables.training.numerics import set_numerics
from trainables.training.optimizers import optimizer
from trainables.training.order import DataOrder
from trainables.training.schedules import learning_rate
from trainables.training.sparse import pack, sparse_gradients, sparsify, unpack

PULSE_SECONDS = 0.5
"""How often `train` hands control back: to report, to save, or to be stopped."""


@dataclass
class TrainingState:
    """Where a training is. `train` moves its tensors in place."""

    iteration: int
    weights: dict[str, Tensor]
    """Parameters and BatchNorm statistics by name, `linears.0.weight` say."""
    optimizer: dict[str, Tensor] = field(default_factory=dict)
    """Optimizer tensors as `slot/parameter`, `momentum/output.weight` say; empty for a fresh
    optimizer."""

    def copy(self, device: str = "cpu") -> TrainingState:
        """Tensors of its own, on a device."""
        return TrainingState(
            self.iteration,
            {name: value.to(device, copy=True) for name, value in self.weights.items()},
            {name: value.to(device, copy=True) for name, value in self.optimizer.items()},
        )


def data_order(recipe: Recipe, data: Split, order_seed: int) -> DataOrder:
    return DataOrder(
        len(data),
        recipe.batch_size,
        order_seed,
        keep_last=recipe.last_batch == "keep",
        device=data.labels.device,
    )


def train(
    recipe: Recipe,
    state: TrainingState,
    data: Split,
    *,
    order_seed: int,
    until: int,
    mask: dict[str, Tensor] | None = None,
    by_hand: bool = True,
    sparse: bool = True,
) -> Iterator[TrainingState]:
    """Train `state` up to iteration `until`, handing it out now and then and at the end.

    The state that is handed out is the one in training: copy what is to be kept. Stopping
    there and going on from a copy later gives the same bits.

    `mask` (name -> 0/1 tensor of the weight's shape) is multiplied into the weights before
    the first step and after each, so that stored weights are truly sparse. `by_hand=False`
    sends every gradient through autograd; `sparse=False` computes with dense layers whatever
    the mask (`trainables.training.sparse`).
    """
    set_numerics(recipe)
    network = networks.build(recipe.network).train()
    state.weights = networks.channels_last(state.weights)
    state.optimizer = networks.channels_last(state.optimizer)
    kept = sparsify(recipe, network, state.weights, mask or {}) if by_hand and sparse else {}
    weights, slots = pack(state.weights, kept), pack(state.optimizer, kept)
    networks.bind(network, weights)
    step = optimizer(recipe, network, slots)
    set_gradients = (
        sparse_gradients(network) if kept else gradients(network, recipe, by_hand=by_hand)
    )
    order = data_order(recipe, data, order_seed)
    augment = augmentation(recipe, len(data), order_seed)
    drops = any(isinstance(module, nn.Dropout) for module in network.modules())
    dense = {name: keep for name, keep in (mask or {}).items() if name not in kept}
    masked = [weights[name] for name in dense]
    masks = [torch.empty_like(weights[name]).copy_(keep) for name, keep in dense.items()]

    @torch.no_grad()
    def advance() -> None:
        """Iterations until the next pulse. No generator: it would leave gradients off outside."""
        begin = time.monotonic()
        while state.iteration < until:
            batch = order.batch(state.iteration)
            images = augment(data.images.index_select(0, batch), batch, order.epoch)
            if drops:
                torch.manual_seed(derive("dropout", order_seed, state.iteration))
            set_gradients(data.inputs(images), data.labels.index_select(0, batch))
            step(learning_rate(recipe, state.iteration))
            if masks:
                torch._foreach_mul_(masked, masks)
            state.iteration += 1
            if time.monotonic() - begin > PULSE_SECONDS:
                return

    with torch.no_grad():
        if masks:
            torch._foreach_mul_(masked, masks)
    while True:
        advance()
        unpack(weights, kept, state.weights)
        unpack(slots, kept, state.optimizer)
        yield state
        if state.iteration >= until:
            return
