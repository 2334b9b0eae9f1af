"""Test instability against the rewind iteration (LMC Figures 3 and 6; 14 and 16 by level)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.lines import Line2D

from analysis.figures.rewind import against_rewind
from analysis.figures.scales import instability_axis, threshold
from analysis.figures.style import INK, THRESHOLD, in_style, scaled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@in_style
def figure(
    cells: pd.DataFrame, *, stable_below: float, samples: pd.DataFrame | None = None
) -> Figure:
    """Mean instability with its interval, each of `samples`, and the threshold of stability.

    Instability and threshold are in percentage points.
    """
    drawn, axes = against_rewind(
        cells,
        "instability_test",
        "stable",
        ylabel="test instability (%)",
        upright=lambda panel: instability_axis(panel, stable_below, highest(cells, samples)),
        handles=[below(stable_below)],
        samples=samples,
    )
    for panel in axes[1:]:
        threshold(panel, stable_below)
    return drawn


def below(stable_below: float) -> Line2D:
    """Return the legend's entry of the threshold."""
    label = f"stable below {stable_below:g} %"
    return Line2D([], [], color=INK, lw=scaled(0.9), ls=THRESHOLD, label=label)


def highest(cells: pd.DataFrame, samples: pd.DataFrame | None = None) -> float:
    """Return up to where means, intervals and samples of instability reach, in %."""
    columns = [cells["instability_test"], cells["instability_test_high"]]
    if samples is not None:
        columns.append(samples["instability_test"])
    return float(pd.concat(columns).fillna(0.0).max())
