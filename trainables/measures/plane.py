"""Error on the plane of two successive levels and the projection between them (Unmasking)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from trainables.measures.measure import Column, Measure, Values, Work

if TYPE_CHECKING:
    from trainables.measures.context import Context
    from trainables.weights import Weights


@dataclass(frozen=True)
class Options:
    side: int = 51
    """Points of a side of the grid, which has the square of it (Unmasking appendix C)."""
    margin: float = 0.5
    """How far beyond the three networks the grid goes on each side, in lengths of its axes; the
    paper does not say it. It is rounded so that the three networks are points of the grid."""
    split: Literal["test", "train"] = "test"
    """What errors are of."""
    examples: int | None = None
    """Examples of the split, a fixed sample; None: all."""

    def __post_init__(self) -> None:
        if not 2 <= self.side <= 1000:
            raise ValueError(f"side must be from 2 to 1000, not {self.side}")
        if not 0 <= self.margin <= 10:
            raise ValueError(f"margin must be from 0 to 10, not {self.margin}")
        if self.examples is not None and self.examples < 1:
            raise ValueError(f"examples must be at least 1, not {self.examples}")


def compute(weights: Sequence[Weights], context: Context, options: Options) -> Values:
    """Return error (%) and loss (nats) on a grid of the plane of w(L), m(L+1) w(L) and w(L+1).

    Unmasking Figures 3, 7 and 8, appendix C. `weights` are w(L) and w(L+1). The grid is a list of
    `side` x `side` points in rows of one y, along which x grows: `plane_x` and `plane_y` are
    coordinates in shares of the axes, from the projection at (0, 0) to w(L+1) at (1, 0) and to
    w(L) at (0, 1); `plane_error` and `plane_loss` the scores there. `plane_length_x` and
    `plane_length_y` are the axes' lengths, L2 over prunable weights. `plane_error_1`,
    `plane_error_2` and `plane_error_projection` are the errors of w(L), w(L+1) and the projection.

    Raises ValueError unless the networks are of two levels, the sparser one second.
    """
    from trainables.planes import FIRST, PROJECTION, SECOND, grid, plane_of

    first, second = weights
    plane = plane_of(first, second, context.masks)
    points = context.shard_of(grid(options.side, options.margin))
    scores = context.plane(plane, points, options.split, options.examples)
    errors = {point: score.error for point, score in zip(points, scores, strict=True)}
    return {
        "plane_x": [point.x for point in points],
        "plane_y": [point.y for point in points],
        "plane_error": [score.error for score in scores],
        "plane_loss": [score.loss for score in scores],
        "plane_length_x": plane.width,
        "plane_length_y": plane.height,
        "plane_error_1": errors.get(FIRST, math.nan),
        "plane_error_2": errors.get(SECOND, math.nan),
        "plane_error_projection": errors.get(PROJECTION, math.nan),
    }


def _error(name: str, of: str) -> Column:
    return Column(name=name, unit="%", low=0, high=100, about=f"error of {of}")


MEASURE = Measure(
    name="plane",
    columns=(
        Column(name="plane_x", axis="point", about="place on the axis to network 2, which is at 1"),
        Column(name="plane_y", axis="point", about="place on the axis to network 1, which is at 1"),
        Column(name="plane_error", unit="%", low=0, high=100, axis="point"),
        Column(name="plane_loss", unit="nats", low=0, axis="point"),
        Column(name="plane_length_x", low=0, about="L2 distance from the projection to network 2"),
        Column(name="plane_length_y", low=0, about="L2 distance from the projection to network 1"),
        _error("plane_error_1", "network 1, the less sparse one"),
        _error("plane_error_2", "network 2, one level sparser"),
        _error("plane_error_projection", "network 1 with the weights pruned that network 2 lacks"),
    ),
    compute=compute,
    of_levels=True,
    Options=Options,
    work=lambda options: Work(
        grid=options.side**2, grid_split=options.split, grid_examples=options.examples
    ),
)
