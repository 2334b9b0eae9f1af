"""Erdos-Renyi-kernel densities: small layers stay denser.

Evci et al., Rigging the lottery, 2020, section 3: a layer keeps a share in proportion to
(n_in + n_out + w + h) / (n_in * n_out * w * h), capped at 1; the factor is such that the network
keeps what the level asks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from trainables.pruning.method import Layer, PruningMethod, Scores

if TYPE_CHECKING:
    from trainables.pruning.context import Context
    from trainables.weights import Mask, Weights


@dataclass(frozen=True)
class Options:
    """Which weights of a layer are kept: random ones, or W_k's largest."""

    within: Literal["random", "magnitude"] = "random"


def shares(layers: Mapping[str, Layer], total: int, options: Options) -> Mapping[str, float]:
    """Return density times size of each layer, up to a factor: the sum of its dimensions."""
    return {name: float(sum(layer.shape)) for name, layer in layers.items()}


def scores(weights: Weights, mask: Mask, context: Context, options: Options) -> Scores:
    """Return noise, or magnitudes."""
    if options.within == "magnitude":
        return {name: weights[name].abs() for name in mask}
    return context.random(mask, "erk")


METHOD = PruningMethod(
    name="erk", scores=scores, when="start", uses="weights", shares=shares, Options=Options
)
