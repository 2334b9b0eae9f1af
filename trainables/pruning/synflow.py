"""SynFlow: weights through which least flows go, in many steps; no data.

Tanaka et al., Pruning neural networks without any data by iteratively conserving synaptic flow,
2020, equation 2 and Algorithm 1. R is the sum of the outputs of the network with the absolute
values of its parameters on an input of ones, without what batches do to normalisation. Score:
|dR/dw * w|. After step i of n, (share left)^(i / n) of the weights are left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainables.pruning.method import PruningMethod, Scores

if TYPE_CHECKING:
    from trainables.pruning.context import Context
    from trainables.weights import Mask, Weights


@dataclass(frozen=True)
class Options:
    """Steps of pruning."""

    iterations: int = 100

    def __post_init__(self) -> None:
        if not 1 <= self.iterations <= 10_000:
            raise ValueError(f"iterations must be from 1 to 10000, not {self.iterations}")


def scores(weights: Weights, mask: Mask, context: Context, options: Options) -> Scores:
    """Return synaptic saliencies, in doubles: they span many orders of magnitude."""
    import torch

    network = context.network(weights, training=False).double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_()
    ones = torch.ones(1, *context.shape, dtype=torch.float64, device=context.recipe.device)
    found = context.gradients(network, network(ones).sum(), mask)
    return {name: g * weights[name].to(g.device).double().abs() for name, g in found.items()}


METHOD = PruningMethod(
    name="synflow",
    scores=scores,
    when="start",
    uses="network",
    Options=Options,
    steps=lambda options: options.iterations,
    examples=lambda options, classes: 1.0,
)
