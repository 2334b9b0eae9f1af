"""Instability of every pair of networks from files, as a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from analysis.figures.style import INK, RC
from analysis.formats import number

if TYPE_CHECKING:
    import pandas as pd

WRITTEN = 12
"""Networks up to which each field has its number."""


@matplotlib.rc_context(RC)
def figure(pairs: pd.DataFrame) -> Figure:
    """Test instability (%) of each of `pairs.pairs`, darker where it is higher; blank: unknown."""
    names = sorted({*pairs["first"], *pairs["second"]})
    place = {name: index for index, name in enumerate(names)}
    values = np.full((len(names), len(names)), np.nan)
    for first, second, value in zip(
        pairs["first"], pairs["second"], pairs["instability_test"], strict=True
    ):
        values[place[first], place[second]] = values[place[second], place[first]] = value
    size = min(1.8 + 0.6 * len(names), 7.0)
    drawn = Figure((max(size + 1.2, 6.2), size), layout=ConstrainedLayoutEngine())
    panel = drawn.subplots()
    image = panel.imshow(values, cmap="Greys", vmin=0.0)
    panel.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
    panel.set_yticks(range(len(names)), names)
    panel.grid(visible=False)
    highest = np.nanmax(values) if np.isfinite(values).any() else 1.0
    for (row, column), value in np.ndenumerate(values):
        if len(names) <= WRITTEN and np.isfinite(value):
            ink = "white" if value > 0.55 * highest else INK
            panel.text(column, row, number(value), ha="center", va="center", color=ink, size=8)
    drawn.colorbar(image, ax=panel, label="instability (%)", shrink=0.8)
    return drawn
