"""LMC Figure 2: error along the path between copies of dense networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.figures.lmc.figure import PaperFigure
from analysis.figures.lmc.paths import draw, measured

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.study import Study

ROWS = (("dense", "test"), ("dense", "train"))


def _draw(studies: Sequence[Study]) -> Figure:
    return draw(studies, ROWS)


FIGURE = PaperFigure(
    name="fig2",
    source="LMC Figure 2",
    title="Error along the path, dense networks",
    needs=lambda study: measured(study, ROWS),
    draw=_draw,
    caption="Error on the straight line between two copies of a dense network that were made at "
    "iteration k: mean and standard deviation over samples.",
    alt="Line charts of error against alpha, a line per k, a panel per sweep and split.",
    beyond=False,
)
