"""LMC Figure 3: instability of dense networks against the iteration at which copies are made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.figures.lmc.figure import PaperFigure
from analysis.figures.lmc.instability import draw, measured
from analysis.strategies import DENSE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.study import Study


def _draw(studies: Sequence[Study]) -> Figure:
    return draw(studies, [DENSE])


FIGURE = PaperFigure(
    name="fig3",
    source="LMC Figure 3",
    title="Instability of the dense networks",
    needs=lambda study: measured(study, [DENSE]),
    draw=_draw,
    caption="Instability of dense networks whose copies are made at iteration k, on the test set "
    "(solid) and the train set (dashed): mean and standard deviation over samples. Below "
    "the threshold a network is stable.",
    alt="Line charts of instability against k, a panel per sweep.",
    beyond=False,
)
