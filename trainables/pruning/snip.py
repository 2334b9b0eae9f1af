"""SNIP: weights to whose removal the loss is least sensitive go.

Lee et al., SNIP: single-shot network pruning based on connection sensitivity, 2019, equations 4 and
5. Score: |w * dL/dw|; the paper divides by the sum, which changes no order.
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
    """Training examples of which the loss is."""

    examples: int = 100

    def __post_init__(self) -> None:
        if self.examples < 2:
            raise ValueError(f"examples must be at least 2, not {self.examples}")


def scores(weights: Weights, mask: Mask, context: Context, options: Options) -> Scores:
    """Return connection sensitivities on one batch."""
    from trainables.pruning.context import loss_of

    network = context.network(weights)
    found = context.gradients(network, loss_of(network, *context.examples(options.examples)), mask)
    return {name: (weights[name].to(g.device) * g).abs() for name, g in found.items()}


METHOD = PruningMethod(
    name="snip",
    scores=scores,
    when="start",
    Options=Options,
    examples=lambda options, classes: options.examples,
)
