"""LMC Figure 5: error along the path between copies of sparse subnetworks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.figures.lmc.figure import PaperFigure
from analysis.figures.lmc.paths import draw, measured

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.study import Study

ROWS = (("imp", "test"), ("random-pruning", "test"), ("random-reinit", "test"))


def _draw(studies: Sequence[Study]) -> Figure:
    return draw(studies, ROWS)


FIGURE = PaperFigure(
    name="fig5",
    source="LMC Figure 5",
    title="Error along the path, sparse subnetworks",
    needs=lambda study: measured(study, ROWS),
    draw=_draw,
    caption="Test error on the straight line between two copies of a subnetwork that was rewound "
    "to iteration k: mean and standard deviation over samples.",
    alt="Line charts of test error against alpha, a line per k, a panel per sweep and strategy.",
    beyond=False,
)
