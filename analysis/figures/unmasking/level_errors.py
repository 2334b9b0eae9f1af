"""Unmasking Figure 5: test error against the level, a line per rewind iteration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from analysis.figures.lmc.figure import (
    Curve,
    PaperFigure,
    draw_curve,
    from_zero,
    grid,
    legend,
    titled,
)
from analysis.figures.lmc.sparse_error import BAND, dense_band
from analysis.figures.style import iteration
from analysis.figures.unmasking.common import (
    AT_MOST,
    at_most,
    chain_of,
    colors,
    enlarge,
    level_ticks,
)
from analysis.levels import level_networks
from analysis.records import LEVEL, REWIND, STRATEGY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.study import Study

FEWEST = 3
"""Pruned levels that make a line."""


def _networks(study: Study) -> pd.DataFrame:
    strategy = chain_of(study, study.cells)
    networks = level_networks(study)
    return networks[(networks[STRATEGY] == strategy) & networks["error"].notna()]


def _draw(studies: Sequence[Study]) -> Figure:
    drawn, (axes, below) = grid(2, len(studies), width=3.1, height=2.0)
    every: list[Curve] = []
    for panel, enlarged, study in zip(axes, below, studies, strict=True):
        own = []
        networks = _networks(study)
        of = colors(sorted(networks[REWIND].unique()))
        for k, line in networks.groupby(REWIND):
            k = int(str(k))
            like = Curve([], [], [], of[k], f"k = {iteration(k)}")
            curve = Curve.of(line, LEVEL, "error", like)
            draw_curve(panel, curve, curve.x)
            own.append(curve)
        for one in own:
            enlarged.plot(one.x, one.mean, color=one.color, lw=1.4, marker=one.marker, ms=4)
        for one in (panel, enlarged):
            dense_band(one, study)
            at_most(one, study)
        enlarge(enlarged, study, own)
        enlarged.set_xticks(level_ticks(sorted(networks[LEVEL].unique())))
        enlarged.set_xlabel("level L")
        titled(panel, study)
        from_zero(panel)
        every += own
    axes[0].set_ylabel("test error (%)")
    below[0].set_ylabel("enlarged (%)")
    legend(drawn, every, [BAND, AT_MOST])
    return drawn


DRAWN = {
    "u-fig5": PaperFigure(
        name="u-fig5",
        source="Unmasking Figure 5",
        title="Error at each level of pruning",
        needs=lambda study: _networks(study)[LEVEL].nunique() > FEWEST,
        draw=_draw,
        caption="Test error of the network of each level, a line per rewind iteration k: mean and "
        "standard deviation over inits; below, the means near the matching error. Level 0 is the "
        "dense network that was trained from the same k. The grey band is the error of the dense "
        "networks at the smallest k; networks match them up to the dotted line, one standard "
        "deviation ε above.",
        alt="Line charts of test error against the level, a line per k, a panel per sweep.",
    )
}
