"""Unmasking Figure 5: test error against the level, a line per rewind iteration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.figures import words
from analysis.figures.lmc.figure import (
    Curve,
    PaperFigure,
    draw_curve,
    from_zero,
    grid,
    legend,
    titled,
)
from analysis.figures.lmc.sparse_error import dense_band, dense_band_entry
from analysis.figures.style import scaled
from analysis.figures.unmasking.common import (
    at_most,
    at_most_entry,
    chain_of,
    enlarge,
    level_ticks,
    lines_of,
)
from analysis.levels import level_networks
from analysis.records import LEVEL, STRATEGY

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
    drawn, [axes, below] = grid(2, len(studies), height=2.0)
    every: list[Curve] = []
    for panel, enlarged, study in zip(axes, below, studies, strict=True):
        networks = _networks(study)
        own = lines_of(networks, LEVEL)
        for curve in own:
            draw_curve(panel, curve)
            look: dict[str, Any] = {"lw": scaled(1.3), "marker": curve.marker, "ms": scaled(4)}
            enlarged.plot(curve.x, curve.mean, color=curve.color, **look)
        for one in (panel, enlarged):
            dense_band(one, study)
            at_most(one, study)
        enlarge(enlarged, study, own)
        level_ticks(enlarged.xaxis, sorted(int(level) for level in networks[LEVEL].unique()))
        words.name_x(enlarged, "level L")
        titled(panel, study)
        from_zero(panel)
        every += own
    words.name_y(axes, "test error (%)")
    words.name_y(below, "enlarged (%)")
    legend(drawn, every, [dense_band_entry(), at_most_entry()])
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
