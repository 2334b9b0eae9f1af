"""GraSP: weights whose removal reduces the gradient's norm least go.

Wang et al., Picking winning tickets before training by preserving gradient flow, 2020, equation 8.
Removing a weight changes the squared norm of the gradient g by about twice S(-w) = -w * (H g), H
being the loss's Hessian. Algorithm 1 keeps the weights of the lowest S(-w). So the score, of which
the highest are kept, is w * (H g). As in the paper's code, H and g are of the loss with logits
divided by a temperature, and of the prunable weights.
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
    """Training examples of each class, and what logits are divided by."""

    examples_per_class: int = 10
    temperature: float = 200.0

    def __post_init__(self) -> None:
        if self.examples_per_class < 1:
            raise ValueError(
                f"examples_per_class must be at least 1, not {self.examples_per_class}"
            )
        if not self.temperature > 0:
            raise ValueError(f"temperature must be above 0, not {self.temperature}")


def scores(weights: Weights, mask: Mask, context: Context, options: Options) -> Scores:
    """Return w * (H g) on one batch."""
    from trainables.pruning.context import loss_of

    network = context.network(weights)
    batch = context.examples_per_class(options.examples_per_class)
    loss = loss_of(network, *batch, options.temperature)
    gradient = context.gradients(network, loss, mask, graph=True)
    product = sum((g * g.detach()).sum() for g in gradient.values())
    found = context.gradients(network, product, mask)  # type: ignore[arg-type]
    return {name: weights[name].to(hg.device) * hg for name, hg in found.items()}


METHOD = PruningMethod(
    name="grasp",
    scores=scores,
    when="start",
    Options=Options,
    examples=lambda options, classes: 3.0 * options.examples_per_class * classes,
)
