"""What a search tried: parallel coordinates, a line per combination."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize

from analysis.figures import colors, words
from analysis.figures.hyperparameters import Scale
from analysis.figures.panels import panels
from analysis.figures.style import INK, current, in_style, scaled
from analysis.hyperparameters import Axes, in_order, value_text
from analysis.records import RECIPE
from analysis.tuned import Tuned, scores

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

TICKS = 6

GREY = "#A0A6AD"
"""Of combinations that are not complete."""


@in_style
def figure(trials: pd.DataFrame, axes: Axes, tuned: Tuned) -> Figure:
    """A vertical axis for each hyperparameter and one for the metric, a line per combination.

    Lines are coloured by rank, and the best are drawn last. Those of combinations that are not
    complete are dashed, grey, and take no part in the ranks.
    """
    found = scores(trials, tuned)
    found = found[[all(label in of for of in axes.values()) for label in found[RECIPE]]]
    places = {name: [of[label] for label in found[RECIPE]] for name, of in axes.items()}
    places[tuned.metric] = [float(one) for one in found["value"]]
    drawn, [[panel]] = panels(1, 1, height=3.0)
    style = current()
    apart = 72 * style.width / (len(places) + 0.4)  # points from one axis to the next
    columns = []
    for at, (name, values) in enumerate(places.items()):
        scale = Scale(in_order(values))
        raw = np.array([scale.at(one) for one in values])
        low, span = raw.min(), (raw.max() - raw.min()) or 1.0
        columns.append((raw - low) / span)
        panel.axvline(at, color=INK, lw=scaled(0.8))
        for one in _some(in_order(values)):
            height = (scale.at(one) - low) / span
            text = value_text(float(f"{one:.3g}") if isinstance(one, float) else one)
            panel.annotate(
                words.wrapped(text, 0.8 * apart / 72, style.small, 1),
                (at, height),
                xytext=(scaled(4), 0),
                textcoords="offset points",
                fontsize=style.small,
                va="center",
            )
        title = words.wrapped(name, 0.95 * apart / 72, style.text)
        panel.text(at, 1.08, title, ha="center", va="bottom", fontsize=style.text)
    lines = [np.column_stack([np.arange(len(places)), one]) for one in np.stack(columns, axis=1)]
    complete = int(found["complete"].sum())  # these come first
    shades = colors.HEIGHTS(Normalize(0, max(complete - 1, 1))(range(complete)))
    panel.add_collection(
        LineCollection(lines[complete:], colors=GREY, linewidths=scaled(0.8), linestyles="dashed")
    )
    ranked = lines[:complete][::-1]  # the best last, above the others
    ranks = [*map(tuple, shades[::-1])]
    panel.add_collection(LineCollection(ranked, colors=ranks, linewidths=scaled(1.1), alpha=0.8))
    panel.set_xlim(-0.5, len(places) - 0.4)
    panel.set_ylim(-0.05, 1.05)
    panel.set_xticks([])
    panel.set_yticks([])
    panel.grid(False)
    for spine in panel.spines.values():
        spine.set_visible(False)
    return drawn


def _some(values: list[Any]) -> list[Any]:
    """A few values, the ends included."""
    if len(values) <= TICKS:
        return values
    return [values[round(i * (len(values) - 1) / (TICKS - 1))] for i in range(TICKS)]
