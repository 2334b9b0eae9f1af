"""Test accuracy against the rewind iteration (LMC Figure 7; 15 and 17 by level)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib
from matplotlib.patches import Patch

from analysis.figures.rewind import against_rewind
from analysis.figures.style import RC
from analysis.published import beside
from analysis.strategies import DENSE, strategy

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from analysis.cells import DenseReference


@matplotlib.rc_context(RC)
def figure(cells: pd.DataFrame, *, reference: DenseReference | None) -> Figure:
    """Mean accuracy ± one standard deviation over inits, and that of the dense ones as a band.

    Dense networks of one init have no deviation and so no band.
    Accuracies that a paper publishes for some of these cells are drawn beside ours.
    """
    grey = strategy(DENSE).color
    if reference and reference.inits == 1:
        reference = None
    band = Patch(facecolor=grey, alpha=0.2, label="dense networks ± 1 std")
    drawn, axes = against_rewind(
        cells,
        "accuracy_test",
        "matching",
        ylabel="test accuracy (%)",
        handles=[band] if reference else [],
        paper=beside(cells)["paper_accuracy"],
    )
    if reference:
        low, high = reference.mean - reference.std, reference.mean + reference.std
        for panel in axes:
            panel.axhspan(low, high, facecolor=grey, alpha=0.2, lw=0, zorder=0)
    return drawn
