"""Unmasking Definition 2.1: which levels lie in the LCS-set of which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patches import Patch

from analysis.figures import words
from analysis.figures.lmc.figure import PaperFigure, Sheet, grid
from analysis.figures.panels import begin, chosen, left_out
from analysis.figures.style import GROUND, iteration
from analysis.figures.unmasking.common import chain_of, level_ticks
from analysis.formats import UNKNOWN, spans
from analysis.levels import lcs_sets
from analysis.records import LEVEL, REWIND, STRATEGY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from analysis.study import Study

KINDS = {
    "in the set": "#2B4C7E",
    "connected, but its error is higher": "#8FB8DE",
    "error low enough, but a barrier": "#F2C14E",
    "neither": "#E6E6E6",
}
"""What a level is to another one; dark to light, so that it is told apart in grey too."""


MOST = 12
"""Rewind points that have a panel."""


def _sets(study: Study) -> pd.DataFrame:
    strategy = chain_of(study)
    found = lcs_sets(study)
    return found[(found[STRATEGY] == strategy) & found["inside"].notna()]


def _draw(studies: Sequence[Study]) -> Figure:
    found = [_sets(study) for study in studies]
    columns = max(one[REWIND].nunique() for one in found)
    columns = min(columns, MOST)
    drawn, axes = grid(len(studies), columns, height=2.7, share="none")
    assert isinstance(drawn, Sheet)
    says = []
    for row, study, sets in zip(axes, studies, found, strict=True):
        every = sorted(int(k) for k in sets[REWIND].unique())
        ks = chosen(every, columns)
        for panel, k in zip(row, ks, strict=False):
            _matrix(panel, sets[sets[REWIND] == k])
            words.title(panel, f"k = {iteration(k)}")
            words.name_x(panel, "level")
        for panel in row[len(ks) :]:
            panel.remove()
        of = f"{study.name}\n" if len(studies) > 1 else ""
        words.name_y(begin(row[: len(ks)]), f"{of}in the set of level")
        says.append(left_out("k", every, ks))
        drawn.tables[f"{study.name}: levels in the LCS-set of each level"] = _table(sets)
    handles = [Patch(color=color, label=kind) for kind, color in KINDS.items()]
    words.legend(drawn, handles)
    words.note(drawn, *dict.fromkeys(says))
    return drawn


def _matrix(panel: Axes, sets: pd.DataFrame) -> None:
    """A row per level, and what each other level is to it; the diagonal is the level itself."""
    levels = sorted(set(sets[LEVEL]))
    place = {level: i for i, level in enumerate(levels)}
    cells = np.full((len(levels), len(levels)), np.nan)
    np.fill_diagonal(cells, 0)
    for row in sets.itertuples():
        kind = 0 if row.inside else 1 if row.connected else 2 if row.near else 3
        cells[place[row.level], place[row.other]] = kind
    norm = BoundaryNorm([-0.5, 0.5, 1.5, 2.5, 3.5], len(KINDS))
    colormap = ListedColormap(list(KINDS.values()))
    panel.pcolormesh(cells, cmap=colormap, norm=norm, edgecolors=GROUND, lw=0.4)
    for axis in (panel.xaxis, panel.yaxis):
        level_ticks(axis, levels, 0.5)
    panel.set_ylim(len(levels), 0)
    panel.set_aspect("equal")
    panel.grid(visible=False)


def _table(sets: pd.DataFrame) -> pd.DataFrame:
    levels = sorted(set(sets[LEVEL]))
    columns = {"level": [str(level) for level in levels]}
    for k, own in sets.groupby(REWIND):
        inside = own[own["inside"].astype(bool)].groupby(LEVEL)["other"].apply(list)
        columns[f"k = {iteration(int(str(k)))}"] = [
            spans(inside[level]) if level in inside else UNKNOWN for level in levels
        ]
    return pd.DataFrame(columns, dtype="object")


DRAWN = {
    "u-lcs": PaperFigure(
        name="u-lcs",
        source="Unmasking Definition 2.1",
        title="Linearly connected sublevel sets of the levels",
        needs=lambda study: len(_sets(study)) > 2,
        draw=_draw,
        caption="Row by row, which levels lie in the ε-LCS-set of a level: their mean error is at "
        "most ε higher than its own, and the mean barrier between the two is below ε, the "
        "standard deviation of the dense networks’ error over inits. A panel per rewind "
        "iteration k.",
        alt="Matrices of levels against levels, a panel per k, coloured by whether one lies in the "
        "LCS-set of the other.",
    )
}
