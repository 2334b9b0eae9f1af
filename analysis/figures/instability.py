"""Test instability against the rewind iteration (LMC Figures 3 and 6; 14 and 16 by level)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib
from matplotlib.lines import Line2D

from analysis.figures.rewind import against_rewind
from analysis.figures.style import INK, RC

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@matplotlib.rc_context(RC)
def figure(cells: pd.DataFrame, *, stable_below: float) -> Figure:
    """Mean instability ± one standard deviation, and the threshold of stability (points)."""
    threshold = Line2D(
        [], [], color=INK, lw=0.9, ls=(0, (4, 3)), label=f"stable below {stable_below:g} %"
    )
    drawn, axes = against_rewind(
        cells, "instability_test", "stable", ylabel="test instability (%)", handles=[threshold]
    )
    for panel in axes:
        panel.axhline(stable_below, color=INK, lw=0.9, ls=(0, (4, 3)), zorder=1)
    highest = cells["instability_test"] + cells["instability_test_std"].fillna(0.0)
    top = 1.05 * max(highest.fillna(0.0).max(), 2 * stable_below)
    # Room below 0 for the markers of stable networks.
    axes[0].set_ylim(-0.04 * top, top)
    return drawn
