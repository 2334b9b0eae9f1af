"""The training loop: A(W, u, k -> T) of the papers (LMC section 2)."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

import torch
from torch import Tensor

from trainables import networks
from trainables.data.split import Split
from trainables.data.streamed import Streamed
from trainables.recipe import Recipe
from trainables.seeds import derive
from trainables.training.by_hand.sparse import pack, sparsify, unpack
from trainables.training.clipping import clipping
from trainables.training.feed import feeding
from trainables.training.gradients import gradients
from trainables.training.numerics import set_numerics
from trainables.training.optimizers import optimizer
from trainables.training.schedules import learning_rate
from trainables.training.slices import Sliced
from trainables.training.team import ALONE, Team
from trainables.weights import Mask, Weights

PULSE_SECONDS = 0.5
"""How often `train` hands control back: to report, to save, or to be stopped."""


@dataclass
class TrainingState:
    """The state of a training at an iteration. `train` moves its tensors in place."""

    iteration: int
    weights: Weights
    """Parameters and BatchNorm statistics by name, `linears.0.weight` say."""
    optimizer: dict[str, Tensor] = field(default_factory=dict)
    """Optimizer tensors as `slot/parameter`, `momentum/output.weight` say; empty for a fresh
    optimizer."""

    def copy(self, device: str = "cpu") -> TrainingState:
        """Return a copy with tensors of its own, on a device."""
        return TrainingState(
            self.iteration,
            {name: value.to(device, copy=True) for name, value in self.weights.items()},
            {name: value.to(device, copy=True) for name, value in self.optimizer.items()},
        )


def train(
    recipe: Recipe,
    state: TrainingState,
    data: Split | Streamed,
    *,
    order_seed: int,
    until: int,
    mask: Mask | None = None,
    by_hand: bool = True,
    sparse: bool = True,
    team: Team = ALONE,
    decoders: int = 0,
) -> Iterator[TrainingState]:
    """Train `state` up to iteration `until`, handing it out now and then and at the end.

    The state that is handed out is the one in training: copy what is to be kept. Stopping
    there and going on from a copy later gives the same bits.

    `mask` is multiplied into the weights before
    the first step and after each, so that stored weights are truly sparse. `by_hand=False`
    sends every gradient through autograd; `sparse=False` computes with dense layers whatever
    the mask (`trainables.training.by_hand.sparse`).

    Of a `team`, each worker calls this with the same arguments and has the same state at each
    hand-out. `decoders` is the number of processes that decode images which are not in memory;
    0: this one does.
    """
    set_numerics(recipe)
    network = networks.build(recipe.architecture).train()
    state.weights = networks.channels_last(state.weights)
    state.optimizer = networks.channels_last(state.optimizer)
    kept = sparsify(recipe, network, state.weights, mask or {}) if by_hand and sparse else {}
    weights, slots = pack(state.weights, kept), pack(state.optimizer, kept)
    networks.bind(network, weights)
    step = optimizer(recipe, network, slots)
    set_gradients = gradients(network, recipe, by_hand=by_hand)
    iterations = range(state.iteration, until)
    feed = feeding(recipe, data, order_seed, iterations, team, decoders)
    sliced = Sliced(network, set_gradients, team) if recipe.slices > 1 else None
    drops = networks.draws(network, recipe.network)
    dense = {name: keep for name, keep in (mask or {}).items() if name not in kept}
    masked = [weights[name] for name in dense]
    masks = [torch.empty_like(weights[name]).copy_(keep) for name, keep in dense.items()]
    clip = clipping(recipe, network, dict(zip(dense, masks, strict=True)))

    def parts(iteration: int) -> Iterator[tuple[Tensor, Tensor, float]]:
        for part in team.share(recipe.slices):
            inputs, labels, share = feed(iteration, part)
            if drops:
                torch.manual_seed(derive("dropout", order_seed, iteration, part))
            yield inputs, labels, share

    @torch.no_grad()
    def advance() -> None:
        """Train until the next pulse. Not a generator: `no_grad` would leak into the caller."""
        pulse = Pulse(team)
        while state.iteration < until:
            if sliced:
                sliced(parts(state.iteration))
            else:
                inputs, labels, _ = feed(state.iteration, 0)
                if drops:
                    torch.manual_seed(derive("dropout", order_seed, state.iteration))
                set_gradients(inputs, labels)
            clip()
            step(learning_rate(recipe, state.iteration))
            if masks:
                torch._foreach_mul_(masked, masks)
            state.iteration += 1
            if pulse.over():
                return

    with torch.no_grad():
        if masks:
            torch._foreach_mul_(masked, masks)
    with closing(feed):
        while True:
            advance()
            unpack(weights, kept, state.weights)
            unpack(slots, kept, state.optimizer)
            yield state
            if state.iteration >= until:
                return


class Pulse:
    """Says when a training hands control back.

    The workers of a team do so at the same iteration. The first worker decides: it looks at its
    clock only after as many iterations as it expects to fit into the rest of a pulse.
    """

    def __init__(self, team: Team):
        self._team, self._begin = team, time.monotonic()
        self._done = self._look_at = 0

    def over(self) -> bool:
        """Return whether the pulse is over; call it after each iteration."""
        if self._team.size == 1:
            return time.monotonic() - self._begin > PULSE_SECONDS
        self._done += 1
        if self._done < self._look_at:
            return False
        spent = time.monotonic() - self._begin
        left = (PULSE_SECONDS - spent) * self._done / max(spent, 1e-6)
        more = self._team.decide(math.ceil(min(left, self._done)) if left > 0 else 0)
        self._look_at = self._done + more
        return not more
