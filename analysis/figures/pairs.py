"""Instability of every pair of networks from files, as a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.figures import colors, words
from analysis.figures.panels import sheet
from analysis.figures.style import GROUND, current, in_style
from analysis.formats import number

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

ROOM = 2.8
"""A field needs to have its number, in times the height of the number's text."""


@in_style
def figure(pairs: pd.DataFrame) -> Figure:
    """Test instability (%) of each of `pairs.pairs`, lighter where it is higher; blank: unknown.

    Where names have no room below, networks have numbers.
    """
    names = sorted({*pairs["first"], *pairs["second"]})
    place = {name: index for index, name in enumerate(names)}
    values = np.full((len(names), len(names)), np.nan)
    for first, second, value in zip(
        pairs["first"], pairs["second"], pairs["instability_test"], strict=True
    ):
        values[place[first], place[second]] = values[place[second], place[first]] = value
    style = current()
    figure = sheet(min(1.2 + 0.36 * len(names), 9.0) * max(style.scale, 0.7))
    panel = figure.subplots()
    highest = np.nanmax(values) if np.isfinite(values).any() else 1.0
    mesh = panel.pcolormesh(values, cmap=colors.HEIGHTS, vmin=0.0, vmax=highest or 1.0,
                            edgecolors=GROUND, lw=0.4)  # fmt: skip
    field = 72 * 0.6 * style.width / len(names)  # points, at least
    below, left = names, names
    if max(words.width_of(name, style.small) for name in names) > field:
        below = [str(at + 1) for at in range(len(names))]
        left = [f"{at}: {name}" for at, name in zip(below, names, strict=True)]
    left = [words.wrapped(name, 0.25 * style.width, style.small, 2) for name in left]
    words.ticks(panel.xaxis, {at + 0.5: name for at, name in enumerate(below)})
    panel.set_yticks(np.arange(len(names)) + 0.5, left)
    panel.invert_yaxis()
    panel.grid(visible=False)
    panel.tick_params(length=0)
    for spine in panel.spines.values():
        spine.set_visible(False)
    written = field > ROOM * style.small
    for (row, column), value in np.ndenumerate(values):
        if written and np.isfinite(value):
            ink = colors.ink_on(mesh.to_rgba(value))
            panel.text(column + 0.5, row + 0.5, number(value), ha="center", va="center",
                       color=ink, size=style.small)  # fmt: skip
    figure.colorbar(mesh, ax=panel, label="instability (%)", aspect=25, pad=0.02)
    return figure
