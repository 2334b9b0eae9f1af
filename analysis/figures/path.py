"""Error along the linear path between the two arms (LMC Figures 2 and 18 to 21)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D

from analysis.ends import CELL, LINE, from_files
from analysis.figures.style import RC, iteration, panels
from analysis.formats import weights
from analysis.records import PATH_ERROR, REWIND, SPLITS, WEIGHTS_LEFT, split_metric
from analysis.strategies import DENSE, is_of_files, rank, strategy

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

# Early to late k: dark to light, in hues that no strategy has.
LATER = LinearSegmentedColormap.from_list("later", ["#2D0A57", "#A3195B", "#E8743B", "#F2B84B"])


@matplotlib.rc_context(RC)
def figure(trials: pd.DataFrame, curves: pd.DataFrame) -> Figure:
    """Mean error at each alpha, a line per rewind k; test above train, a column per strategy
    and level."""
    errors = [split_metric(PATH_ERROR, split) for split in SPLITS]
    joined = curves.merge(trials[["trial", *CELL, WEIGHTS_LEFT]], on="trial", validate="m:1")
    mean = joined.groupby([*CELL, "alpha"], as_index=False)[[*errors, WEIGHTS_LEFT]].mean()
    groups = [(str(name), level, lines) for (name, level), lines in mean.groupby(LINE)]
    groups.sort(key=lambda group: (rank(group[0]), group[1]))
    ks = sorted(mean[REWIND].unique())
    color = {k: LATER(i / max(len(ks) - 1, 1)) for i, k in enumerate(ks)}

    columns = min(len(groups), 4)
    bands = math.ceil(len(groups) / columns)
    drawn, axes = panels(bands * len(SPLITS), columns, width=2.3, height=1.7)
    unused = set(axes)
    for i, (name, _, lines) in enumerate(groups):
        for j, (split, error) in enumerate(zip(SPLITS, errors, strict=True)):
            panel = axes[(i // columns * len(SPLITS) + j) * columns + i % columns]
            unused.remove(panel)
            for k, line in lines.groupby(REWIND):
                panel.plot(line["alpha"], line[error], color=color[k])
            if i % columns == 0:
                panel.set_ylabel(f"{split} error (%)")
            if j == 0:
                panel.set_title(f"{strategy(name).label}{_left(name, lines)}")
            elif i + columns >= len(groups):
                panel.set_xlabel("α")
                panel.tick_params(labelbottom=True)
    for panel in unused:
        panel.remove()
    axes[0].set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes[0].set_xlim(-0.03, 1.03)
    axes[0].set_ylim(bottom=-0.02 * axes[0].get_ylim()[1])  # so that a line at 0 is seen whole
    if not from_files(mean).all():
        _legend(drawn, ks, color)
    return drawn


def _left(name: str, lines: pd.DataFrame) -> str:
    """What a title says of the weights that are left; empty where none is pruned."""
    percent = lines[WEIGHTS_LEFT].mean()
    whole = name == DENSE or (is_of_files(name) and percent > 99.95)
    return "" if whole else f", {weights(percent)} % left"


def _legend(drawn: Figure, ks: list[int], color: Mapping[int, Any]) -> None:
    drawn.legend(
        handles=[Line2D([], [], color=color[k], label=f"k = {iteration(k)}") for k in ks],
        loc="outside upper center",
        ncols=8,
    )
