"""LMC Figure 4: instability where copies are trained for all of training, whatever k."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.figures import words
from analysis.figures.lmc.figure import (
    DASHED,
    Curve,
    PaperFigure,
    against_k,
    from_zero,
    grid,
    legend,
    look,
    stable_below,
    threshold,
    ticks_of,
    titled,
)
from analysis.records import REWIND, STRATEGY
from analysis.strategies import DENSE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from analysis.study import Study


def _needs(study: Study) -> bool:
    return len(_restarted(study)) > 1 and len(study.line(DENSE)) > 1


def _restarted(study: Study) -> pd.DataFrame:
    """The dense cells that start over, by ascending k."""
    cells = study.restarted
    return cells[cells[STRATEGY] == DENSE].sort_values(REWIND)


def _draw(studies: Sequence[Study]) -> Figure:
    drawn, [axes] = grid(1, len(studies), height=2.4)
    every = []
    for panel, study in zip(axes, studies, strict=True):
        usual = look(DENSE, "trained from k on")
        over = Curve([], [], [], "#CC79A7", "trained from 0 on, T iterations", DASHED, "D")
        curves = [
            Curve.of(study.line(DENSE), REWIND, "instability_test", usual),
            Curve.of(_restarted(study), REWIND, "instability_test", over),
        ]
        against_k(panel, curves, ticks_of(curves))
        threshold(panel, study.stable_below)
        titled(panel, study)
        words.name_x(panel, "k at which copies are made")
        every += curves
    words.name_y(axes, "test instability (%)")
    from_zero(axes[0])
    legend(drawn, every, [stable_below(studies)])
    return drawn


FIGURE = PaperFigure(
    name="fig4",
    source="LMC Figure 4",
    title="Disentangling the length of training",
    needs=_needs,
    draw=_draw,
    caption="Test instability of dense networks whose copies of W_k are trained from iteration k "
    "to T, as usual, or for T iterations with data order and schedule from 0. If both agree, "
    "later copies are not stable just because they are trained for less time.",
    alt="Line charts of test instability against k, two lines a panel, a panel per sweep.",
)
