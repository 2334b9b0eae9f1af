"""What a search tried: parallel coordinates, a line per combination."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize

from analysis.figures.hyperparameters import MAPS, Scale
from analysis.figures.style import INK, RC, panels
from analysis.hyperparameters import Axes, in_order, value_text
from analysis.records import RECIPE
from analysis.tuned import Tuned, scores

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

TICKS = 6

GREY = "#A0A6AD"
"""Of combinations that are not complete."""


@matplotlib.rc_context(RC)
def figure(trials: pd.DataFrame, axes: Axes, tuned: Tuned) -> Figure:
    """A vertical axis for each hyperparameter and one for the metric, a line per combination.

    Lines are coloured by rank, and the best are drawn last. Those of combinations that are not
    complete are dashed, grey, and take no part in the ranks.
    """
    found = scores(trials, tuned)
    found = found[[all(label in of for of in axes.values()) for label in found[RECIPE]]]
    places = {name: [of[label] for label in found[RECIPE]] for name, of in axes.items()}
    places[tuned.metric] = [float(one) for one in found["value"]]
    drawn, [panel] = panels(1, 1, width=max(6.2, 1.4 * len(places)), height=2.8)
    columns = []
    for at, (name, values) in enumerate(places.items()):
        scale = Scale(in_order(values))
        raw = np.array([scale.at(one) for one in values])
        low, span = raw.min(), (raw.max() - raw.min()) or 1.0
        columns.append((raw - low) / span)
        panel.axvline(at, color=INK, lw=0.8)
        for one in _some(in_order(values)):
            height = (scale.at(one) - low) / span
            panel.annotate(
                value_text(float(f"{one:.3g}") if isinstance(one, float) else one),
                (at, height),
                xytext=(4, 0),
                textcoords="offset points",
                fontsize=7.5,
                va="center",
            )
        panel.text(at, 1.08, name, ha="center", va="bottom", fontsize=9)
    lines = [np.column_stack([np.arange(len(places)), one]) for one in np.stack(columns, axis=1)]
    complete = int(found["complete"].sum())  # these come first
    shades = matplotlib.colormaps[MAPS](Normalize(0, max(complete - 1, 1))(range(complete)))
    panel.add_collection(
        LineCollection(lines[complete:], colors=GREY, linewidths=0.8, linestyles="dashed")
    )
    ranked = lines[:complete][::-1]  # the best last, above the others
    colors = [*map(tuple, shades[::-1])]
    panel.add_collection(LineCollection(ranked, colors=colors, linewidths=1.1, alpha=0.8))
    panel.set_xlim(-0.2, len(places) - 0.5)
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
