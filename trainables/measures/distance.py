"""How far two networks are from each other in weight space (LMC appendix H)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from trainables.measures.measure import Column, Measure, NoOptions, Values, Work

if TYPE_CHECKING:
    from trainables.measures.context import Context
    from trainables.weights import Weights


def compute(weights: Sequence[Weights], context: Context, options: NoOptions) -> Values:
    """Return the L2 and the cosine distance (1 - cosine) of two networks, whole and by layer.

    Over trainable parameters: BatchNorm's running statistics are left out. A layer is a parameter
    tensor, by its name. Sums are taken in 64-bit floats. The cosine distance is NaN where the
    parameters of a network, or of a layer, are all 0.
    """
    names = [name for name, _ in context.network(weights[0]).named_parameters()]
    squares, products = {}, {}
    for name in names:
        first, second = (one[name].double().flatten() for one in weights)
        squares[name] = float((first - second).square().sum())
        products[name] = tuple(
            float(a.dot(b)) for a, b in ((first, second), (first, first), (second, second))
        )
    whole = tuple(map(sum, zip(*products.values(), strict=True)))
    return {
        "distance_l2": math.sqrt(sum(squares.values())),
        "distance_cosine": _cosine(*whole),
        "distance_l2_by_layer": {name: math.sqrt(value) for name, value in squares.items()},
        "distance_cosine_by_layer": {name: _cosine(*value) for name, value in products.items()},
    }


def _cosine(product: float, first: float, second: float) -> float:
    """Return 1 - cosine from a dot product and the two squared norms."""
    return 1 - product / math.sqrt(first * second) if first and second else math.nan


MEASURE = Measure(
    name="distance",
    columns=(
        Column(name="distance_l2", low=0, about="L2 distance of the two networks' parameters"),
        Column(
            name="distance_cosine",
            low=0,
            high=2,
            about="1 - cosine of the two networks' parameters",
        ),
        Column(name="distance_l2_by_layer", axis="layer"),
        Column(name="distance_cosine_by_layer", axis="layer"),
    ),
    compute=compute,
    work=lambda options: Work(),
)
