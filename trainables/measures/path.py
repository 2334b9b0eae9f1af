"""Error and loss along the linear path between two networks."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.functional import batch_norm

from trainables import networks
from trainables.data.split import Split
from trainables.data.streamed import Streamed
from trainables.networks.folded import Folded
from trainables.networks.mlp import MLP
from trainables.paths import alphas, interpolate
from trainables.training.evaluation import (
    Score,
    Tally,
    chunk_of,
    chunks,
    evaluating,
    finish,
    scores,
)
from trainables.training.team import ALONE, Team

NORM = ("running_mean", "running_var", "weight", "bias")
"""BatchNorm's tensors, as its function takes them."""


def evaluate_path(
    network_name: str,
    first: dict[str, Tensor],
    second: dict[str, Tensor],
    split: Split,
    points: int,
) -> list[Score]:
    """Score at each of `points` evenly spaced alphas, from `second` (0) to `first` (1)."""
    return finish(evaluating_path(network_name, first, second, split, points))


def evaluating_path(
    network_name: str,
    first: dict[str, Tensor],
    second: dict[str, Tensor],
    split: Split | Streamed,
    points: int,
    team: Team = ALONE,
    processes: int = 0,
) -> Generator[None, None, list[Score]]:
    """`evaluate_path` as an iterator's return value; it hands control back now and then.

    The workers of a `team` share the examples. `processes` decode images that are not in memory.
    """
    network = networks.build(network_name).eval()
    device = next(iter(first.values())).device.type
    if isinstance(network, MLP) and isinstance(split, Split):
        return (yield from _evaluating_mlp_path(network, first, second, split, points, team))
    folded = Folded(network_name)
    first, second = networks.channels_last(first), networks.channels_last(second)

    def at(alpha: float) -> nn.Module:
        folded.bind(interpolate(first, second, alpha))
        return folded.module

    between = [partial(at, alpha) for alpha in alphas(points)]
    return (yield from evaluating(between, split, chunk_of(network, device), team, processes))


def _evaluating_mlp_path(
    network: MLP,
    first: dict[str, Tensor],
    second: dict[str, Tensor],
    split: Split,
    points: int,
    team: Team,
) -> Generator[None, None, list[Score]]:
    """The first layer's sums are linear in alpha: computed at the ends alone, then mixed.

    That layer is most of an MLP: a path of LeNet-300-100 takes a quarter of the time.
    """
    between = [
        (alpha, _above(network, interpolate(first, second, alpha)), Tally())
        for alpha in alphas(points)
    ]

    @torch.inference_mode()
    def advance(number: int, examples: slice) -> None:
        inputs = split.inputs(split.images[examples])
        labels = split.labels[examples]
        networks.bind(network, first)
        first_sums = network.first_sums(inputs)
        networks.bind(network, second)
        second_sums = network.first_sums(inputs)
        mixed = torch.empty_like(first_sums)
        for alpha, above, tally in between:
            # In one pass over memory; at the ends it is the end.
            torch.lerp(second_sums, first_sums, alpha, out=mixed)
            tally.add(number, above(mixed), labels)

    for part in chunks(len(split), chunk_of(network), team):
        if part is not None:
            advance(*part)
        yield
    return scores([tally for _, _, tally in between], team)


def _above(network: MLP, weights: dict[str, Tensor]) -> Callable[[Tensor], Tensor]:
    """`network.above` with other weights. A network for each point takes longer to copy than to
    use, where it is tiny."""

    def linear(name: str) -> tuple[Tensor, Tensor | None]:
        return weights[f"{name}.weight"], weights.get(f"{name}.bias")

    hidden = len(network.linears)
    linears = [linear(f"linears.{index}") for index in range(1, hidden)] + [linear("output")]
    norms: list[tuple[Tensor, Tensor, Tensor, Tensor, float]] = []
    for index, (_, layer) in enumerate(network.hidden_layers()):
        if layer is not None:
            mean, variance, scale, shift = (weights[f"norms.{index}.{leaf}"] for leaf in NORM)
            norms.append((mean, variance, scale, shift, layer.eps))

    def above(sums: Tensor) -> Tensor:
        for index in range(hidden):  # `sums` is its own: nothing else needs what it overwrites
            if norms:
                mean, variance, scale, shift, eps = norms[index]
                sums = batch_norm(sums, mean, variance, scale, shift, eps=eps)
            sums = functional.linear(sums.relu_(), *linears[index])
        return sums

    return above
