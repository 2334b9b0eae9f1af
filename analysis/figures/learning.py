"""Error against iteration, as networks are trained."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import matplotlib
from matplotlib.lines import Line2D

from analysis.figures.path import LATER
from analysis.figures.style import INK, RC, iteration, panels
from analysis.records import BEGIN, LEVEL, PHASE, STRATEGY
from analysis.strategies import DENSE, rank, strategy

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

DASHED = (0, (3, 1.5))

MOST = 12
"""Panels: those of more levels would be too small to read."""


@matplotlib.rc_context(RC)
def figure(curves: pd.DataFrame) -> Figure:
    """Mean error over copies at each iteration, a line per rewind k; a panel per strategy and
    level. Test error is solid, train error dashed. `curves` are those of `learning_curves`."""
    copies = curves[curves[PHASE] == "train"]
    errors = ["error_test", "error_train"]
    mean = copies.groupby([STRATEGY, LEVEL, BEGIN, "iteration"], as_index=False)[errors].mean()
    groups = [(str(name), level, part) for (name, level), part in mean.groupby([STRATEGY, LEVEL])]
    groups.sort(key=lambda group: (rank(group[0]), group[1]))
    groups = groups[:MOST]
    ks = sorted(mean[BEGIN].unique())
    color = {k: LATER(i / max(len(ks) - 1, 1)) for i, k in enumerate(ks)}

    columns = min(len(groups), 4)
    drawn, axes = panels(math.ceil(len(groups) / columns), columns, width=2.3, height=1.9)
    for i, (panel, (name, level, part)) in enumerate(zip(axes, groups, strict=False)):
        for k, line in part.groupby(BEGIN):
            panel.plot(line["iteration"], line["error_test"], color=color[k])
            panel.plot(line["iteration"], line["error_train"], color=color[k], ls=DASHED, lw=1)
        panel.set_title(strategy(name).label + ("" if name == DENSE else f", level {level}"))
        if i % columns == 0:
            panel.set_ylabel("error (%)")
        if i + columns >= len(groups):
            panel.set_xlabel("iteration")
            panel.tick_params(labelbottom=True)
    for panel in axes[len(groups) :]:
        panel.remove()
    axes[0].set_ylim(bottom=0)
    drawn.legend(
        handles=[
            *(Line2D([], [], color=color[k], label=f"k = {iteration(k)}") for k in ks),
            Line2D([], [], color=INK, label="test"),
            Line2D([], [], color=INK, ls=DASHED, lw=1, label="train"),
        ],
        loc="outside upper center",
        ncols=8,
    )
    return drawn
