"""LMC Figure 6: instability of sparse subnetworks against the iteration they are rewound to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.figures.lmc.figure import SPARSE, PaperFigure
from analysis.figures.lmc.instability import draw, measured
from analysis.strategies import IMP

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.study import Study


def _draw(studies: Sequence[Study]) -> Figure:
    return draw(studies, SPARSE)


FIGURE = PaperFigure(
    name="fig6",
    source="LMC Figure 6",
    title="Instability of sparse subnetworks",
    needs=lambda study: study.level is not None and measured(study, [IMP]),
    draw=_draw,
    caption="Instability of subnetworks that are rewound to iteration k, on the test set (solid) "
    "and the train set (dashed): mean and standard deviation over samples. Filled markers "
    "are stable.",
    alt="Line charts of instability against k, a panel per sweep, a line per strategy.",
    beyond=False,
)
