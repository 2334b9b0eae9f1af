"""LMC appendix F: train error along the path between copies of sparse subnetworks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.figures.lmc.figure import PaperFigure
from analysis.figures.lmc.paths import draw, measured

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.study import Study

ROWS = (("imp", "train"), ("random-pruning", "train"), ("random-reinit", "train"))


def _draw(studies: Sequence[Study]) -> Figure:
    return draw(studies, ROWS)


FIGURE = PaperFigure(
    name="app-f",
    source="LMC appendix F",
    title="Train error along the path, sparse subnetworks",
    needs=lambda study: measured(study, ROWS),
    draw=_draw,
    caption="Train error on the straight line between two copies of a subnetwork that was rewound "
    "to iteration k: mean and standard deviation over samples.",
    alt="Line charts of train error against alpha, a line per k, a panel per sweep and strategy.",
    beyond=False,
)
