"""Test accuracy against the rewind iteration (LMC Figure 7; 15 and 17 by level)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.figures import marks, scales
from analysis.figures.rewind import against_rewind
from analysis.figures.style import in_style
from analysis.published import beside
from analysis.strategies import DENSE, strategy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.cells import DenseReference

MEASURE = "accuracy_test"


@in_style
def figure(
    cells: pd.DataFrame,
    *,
    reference: DenseReference | None,
    networks: pd.DataFrame | None = None,
) -> Figure:
    """Mean accuracy with its interval, each of `networks`, and the dense ones as a band.

    The band is one standard deviation over inits to either side; dense networks of one init have
    none. Accuracies that a paper publishes for some of these cells are drawn beside ours.
    """
    grey = strategy(DENSE).color
    if reference and reference.inits == 1:
        reference = None
    paper = beside(cells)["paper_accuracy"]
    shown = [cells[MEASURE], paper, *([] if networks is None else [networks[MEASURE]])]
    ends = [] if reference is None else _ends(reference)
    drawn, axes = against_rewind(
        cells,
        MEASURE,
        "matching",
        ylabel="test accuracy (%)",
        upright=lambda panel: scales.accuracy_axis(panel, [*pd.concat(shown), *ends]),
        handles=[marks.band_entry("dense networks ± 1 std", grey)] if reference else [],
        paper=paper,
        samples=networks,
    )
    for panel in axes if ends else ():
        panel.axhspan(*ends, zorder=0, **marks.band(grey))
    return drawn


def axis_words(drawn: Figure, cells: pd.DataFrame) -> list[str]:
    """Return what a caption has to say of the upright axis of such a figure."""
    panel = drawn.axes[0]
    low, high = panel.get_ylim()
    says = []
    if panel.get_yscale() != "linear":
        says.append("The upright axis is logarithmic in the error, 100 − accuracy.")
    if (cells[f"{MEASURE}_low"] < low).any() or (cells[f"{MEASURE}_high"] > high).any():
        says.append("An arrowhead at the end of a bar: the interval goes on beyond the axis.")
    return says


def _ends(reference: DenseReference) -> list[float]:
    return [reference.mean - reference.std, reference.mean + reference.std]
