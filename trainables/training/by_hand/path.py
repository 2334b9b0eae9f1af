"""Error and loss of multilayer perceptrons along the linear path between two of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

import torch
from torch import Tensor

from trainables.data.split import Split
from trainables.networks.mlp import MLP
from trainables.paths import alphas, interpolate
from trainables.training.evaluation import Score, Tally, chunk_of, chunks, count, scores
from trainables.training.team import Team
from trainables.weights import Weights

NORM = ("running_mean", "running_var", "weight", "bias")
"""BatchNorm's tensors."""


def evaluating_mlp_path(
    network: MLP,
    first: Weights,
    second: Weights,
    split: Split,
    statistics: Sequence[Weights],
    team: Team,
) -> Generator[float, None, list[Score]]:
    """Do for an MLP what `trainables.measures.path.evaluating_path` does for any network.

    The first layer's sums are linear in alpha: they are computed at the ends alone, then mixed.
    That layer is most of an MLP: a path of LeNet-300-100 takes a fifth of the time. Examples are
    columns, [features, B], which small layers' kernels are faster on; what a layer writes lies
    above a row of ones, so that a bias is one more column of the next layer's weights.

    `statistics` has for each point the running statistics that are not to be interpolated.
    """
    points = len(statistics)
    names = [name for name in first if name.startswith("linears.0.")]
    both = {name: torch.cat([second[name], first[name]]) for name in names}
    lowest, bias = both["linears.0.weight"], both.get("linears.0.bias")
    widths = [linear.out_features for linear, _ in network.hidden_layers()]
    classes = network.output.out_features
    # As torch.lerp rounds its weight: 1 - alpha is then the same number.
    rounded = torch.tensor(alphas(points), dtype=lowest.dtype).tolist()
    between = [
        (weight, layers_above(network, interpolate(first, second, alpha) | own))
        for weight, alpha, own in zip(rounded, alphas(points), statistics, strict=True)
    ]
    tallies = [Tally() for _ in between]

    @torch.inference_mode()
    def advance(number: int, examples: slice) -> None:
        inputs = split.inputs(split.images[examples]).flatten(1).t()
        if bias is None:
            sums = torch.mm(lowest, inputs)
        else:
            sums = torch.addmm(bias.unsqueeze(1), lowest, inputs)
        second_sums, first_sums = sums.chunk(2)
        difference = first_sums - second_sums
        size = inputs.shape[1]
        held = [inputs.new_ones(width + 1, size) for width in widths]
        mixed = held[0][:-1]
        logits = inputs.new_empty(points, classes, size)
        for (alpha, above), out in zip(between, logits, strict=True):
            # What torch.lerp does, in two thirds of its time. The ends hold nothing of the other
            # network, which may have diverged.
            if alpha in (0, 1):
                mixed.copy_(first_sums if alpha else second_sums)
            elif alpha < 0.5:
                torch.add(second_sums, difference, alpha=alpha, out=mixed)
            else:
                torch.sub(first_sums, difference, alpha=1 - alpha, out=mixed)
            above(held, out)
        counts = count(logits, split.labels[examples])
        for tally, counted in zip(tallies, counts, strict=True):
            tally.chunks[number] = counted

    parts = chunks(len(split), chunk_of(network), team)
    for done, part in enumerate(parts, 1):
        if part is not None:
            advance(*part)
        yield done / len(parts)
    return scores(tallies, team)


def layers_above(network: MLP, weights: Weights) -> Callable[[Sequence[Tensor], Tensor], None]:
    """Return a function that computes logits [classes, B] from the first layer's sums.

    It overwrites what it is given: [features + 1, B] for each hidden layer. The last row holds
    ones; the first layer's other rows hold its sums. Where networks are tiny, copying weights
    into a network for each point takes longer than using it.
    """
    names = [f"linears.{index}" for index in range(1, len(network.linears))] + ["output"]
    kernels = [weights[f"{name}.weight"] for name in names]
    for index, name in enumerate(names):
        if f"{name}.bias" in weights:
            column = weights[f"{name}.bias"].unsqueeze(1)
            kernels[index] = torch.cat([kernels[index], column], dim=1)
    norms: list[tuple[Tensor, Tensor]] = []
    for index, (_, layer) in enumerate(network.hidden_layers()):
        if layer is not None:
            mean, variance, scale, shift = (weights[f"norms.{index}.{leaf}"] for leaf in NORM)
            scale = scale * (variance + layer.eps).rsqrt()
            norms.append((scale.unsqueeze(1), (shift - mean * scale).unsqueeze(1)))

    def above(held: Sequence[Tensor], logits: Tensor) -> None:
        outs = [*(values[:-1] for values in held[1:]), logits]
        for index, (values, kernel, out) in enumerate(zip(held, kernels, outs, strict=True)):
            sums = values[:-1]
            if norms:
                scale, shift = norms[index]
                torch.addcmul(shift, sums, scale, out=sums)
            sums.relu_()
            torch.mm(kernel, values[: kernel.shape[1]], out=out)

    return above
