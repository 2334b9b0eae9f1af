"""What all figures share: fonts, ink, and panels side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = "#1F2328"
FAINT = "#D8DBDF"

DODGE = 0.07
"""Ticks between lines of a panel: marks of lines that coincide stand side by side."""

ON_TRAIN = "x"
"""The marker of what is measured on the train set: it is told apart where it lies on another."""

ON_MATCHING = "+"
"""The marker of matching where stability of the same strategy is drawn too."""

FACELESS = (ON_TRAIN, ON_MATCHING)

# Keys are `Any`: matplotlib's stubs list its own in a type that older versions lack.
RC: dict[Any, Any] = {
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "legend.handletextpad": 0.5,
    "legend.columnspacing": 1.4,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.7,
    "ytick.major.size": 0,
    "lines.linewidth": 1.5,
    "lines.markersize": 5,
    # Text stays text: small files, searchable, readable aloud.
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "stability-sweeps",
}


def panels(rows: int, columns: int, *, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """A grid of axes with common scales, row by row; sizes are one panel's, in inches."""
    # One panel alone gets the room that the legend needs; the padding keeps a title off the
    # axes above it.
    size = (max(columns * width, 6.2), rows * height + 0.6)
    figure = Figure(size, layout=ConstrainedLayoutEngine(h_pad=0.08))
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    return figure, list(grid.flat)


def shifts(lines: int) -> list[float]:
    """How far each of so many lines is moved along x, in ticks: `DODGE` apart around 0."""
    return [(i - (lines - 1) / 2) * DODGE for i in range(lines)]


def iteration(k: int) -> str:
    """An iteration as the papers' axes have it: 500, 2K, 31.2K."""
    return f"{k / 1000:.4g}K" if k >= 1000 else str(k)
