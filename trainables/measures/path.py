"""Error and loss along the linear path between two networks."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial

import torch
from torch import Tensor, nn

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
    count,
    evaluating,
    finish,
    scores,
)
from trainables.training.team import ALONE, Team

NORM = ("running_mean", "running_var", "weight", "bias")
"""BatchNorm's tensors."""


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

    That layer is most of an MLP: a path of LeNet-300-100 takes a fifth of the time. Examples are
    columns, [features, B], which small layers' kernels are faster on.
    """
    lowest = "linears.0" if len(network.linears) else "output"
    names = [name for name in second if name.startswith(f"{lowest}.")]
    both = {name: torch.cat([second[name], first[name]]) for name in names}
    ends = _linear(both, lowest)
    # As torch.lerp rounds its weight: 1 - alpha is then the same number.
    rounded = torch.tensor(alphas(points), dtype=both[f"{lowest}.weight"].dtype).tolist()
    between = [
        (weight, _above(network, interpolate(first, second, alpha)))
        for weight, alpha in zip(rounded, alphas(points), strict=True)
    ]
    tallies = [Tally() for _ in between]

    @torch.inference_mode()
    def advance(number: int, examples: slice) -> None:
        inputs = split.inputs(split.images[examples]).flatten(1).t()
        second_sums, first_sums = ends(inputs).chunk(2)
        difference, mixed = first_sums - second_sums, torch.empty_like(second_sums)
        logits = []
        for alpha, above in between:
            # What torch.lerp does, in two thirds of its time. At the ends it is the end.
            if alpha < 0.5:
                torch.add(second_sums, difference, alpha=alpha, out=mixed)
            else:
                torch.sub(first_sums, difference, alpha=1 - alpha, out=mixed)
            logits.append(above(mixed))
        counts = count(torch.stack(logits), split.labels[examples])
        for tally, counted in zip(tallies, counts, strict=True):
            tally.chunks[number] = counted

    for part in chunks(len(split), chunk_of(network), team):
        if part is not None:
            advance(*part)
        yield
    return scores(tallies, team)


Layer = Callable[[Tensor], Tensor]
"""[features, B] to [features, B]."""


def _linear(weights: dict[str, Tensor], name: str) -> Layer:
    kernel, bias = weights[f"{name}.weight"], weights.get(f"{name}.bias")
    if bias is None:
        return partial(torch.mm, kernel)
    column = bias.unsqueeze(1)
    return lambda inputs: torch.addmm(column, kernel, inputs)


def _above(network: MLP, weights: dict[str, Tensor]) -> Layer:
    """Logits from the first layer's sums, with these weights. A network for each point takes
    longer to copy than to use, where it is tiny."""
    names = [f"linears.{index}" for index in range(1, len(network.linears))] + ["output"]
    linears = [_linear(weights, name) for name in names if len(network.linears)]
    norms: list[tuple[Tensor, Tensor]] = []
    for index, (_, layer) in enumerate(network.hidden_layers()):
        if layer is not None:
            mean, variance, scale, shift = (weights[f"norms.{index}.{leaf}"] for leaf in NORM)
            scale = scale * (variance + layer.eps).rsqrt()
            norms.append((scale.unsqueeze(1), (shift - mean * scale).unsqueeze(1)))

    def above(sums: Tensor) -> Tensor:  # `sums` is its own: nothing else needs what it overwrites
        for index, linear in enumerate(linears):
            if norms:
                scale, shift = norms[index]
                sums = torch.addcmul(shift, sums, scale)
            sums = linear(sums.relu_())
        return sums

    return above
