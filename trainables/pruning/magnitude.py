"""Magnitude pruning: the weights closest to 0 go.

Han et al., Learning both weights and connections for efficient neural networks, 2015; Frankle and
Carbin, The lottery ticket hypothesis, 2019. Score: |w|.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from trainables.pruning.method import Layer, PruningMethod, Scores

if TYPE_CHECKING:
    from trainables.weights import Mask, Weights


def scores(weights: Weights, mask: Mask, context: Any, options: Any) -> Scores:
    """Return magnitudes."""
    return {name: weights[name].abs() for name in mask}


METHOD = PruningMethod(name="magnitude", scores=scores, uses="weights")
"""All layers compete (LMC Algorithm 2)."""


@dataclass(frozen=True)
class Options:
    """`output: half` prunes the output layer at half the rate of the others."""

    output: Literal["same", "half"] = "same"


def shares(layers: Mapping[str, Layer], total: int, options: Options) -> Mapping[str, float]:
    """Return the same share of each layer's remaining weights.

    With `output: half`, the output layer loses half the fraction that is pruned in all (Frankle and
    Carbin, 2019, Figure 2), and the others share the rest: the sum stays what the level asks for.
    """
    left = {name: float(layer.left) for name, layer in layers.items()}
    if options.output == "same" or not any(layer.output for layer in layers.values()):
        return left
    every = sum(left.values())
    spared = {n: left[n] * (1 + total / every) / 2 if layers[n].output else 0.0 for n in left}
    others = sum(left[name] for name, layer in layers.items() if not layer.output)
    rest = max(total - sum(spared.values()), 0.0)
    return {
        name: spared[name] if layer.output else rest * left[name] / others
        for name, layer in layers.items()
    }


PER_LAYER = PruningMethod(
    name="magnitude-per-layer", scores=scores, uses="weights", shares=shares, Options=Options
)
"""Weights of the lowest magnitude go, the same fraction in each layer."""
