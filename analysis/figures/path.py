"""Error along the linear path between the two arms (LMC Figures 2 and 18 to 21)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D

from analysis.ends import CELL, LINE, from_files
from analysis.figures import colors, marks, words
from analysis.figures.panels import chosen, left_out, panels
from analysis.figures.scales import error_axis
from analysis.figures.style import in_style, iteration, scaled
from analysis.formats import weights
from analysis.records import (
    LEVEL,
    PATH_ERROR,
    REWIND,
    SPLITS,
    WEIGHTS_LEFT,
    split_metric,
)
from analysis.strategies import DENSE, is_of_files, rank, strategy

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_LINES = 5
"""Rewind points in a panel: the lines and bands of more would hide each other."""

MOST_GROUPS = 12
"""Strategies and levels that are drawn: of more, some levels are left out."""

MARKED = 4
"""Marks along a line."""


@in_style
def figure(trials: pd.DataFrame, curves: pd.DataFrame) -> Figure:
    """Mean error at each alpha, one standard deviation as a band, a line per rewind k.

    Test above train, a column per strategy and level. Bands end at 0, as errors do.
    """
    errors = [split_metric(PATH_ERROR, split) for split in SPLITS]
    columns = ["trial", *CELL, WEIGHTS_LEFT]
    joined = curves.merge(trials[columns], on="trial", validate="m:1")
    lines = shown_lines(joined)
    ks = sorted(int(k) for k in joined[REWIND].unique())
    shown = chosen(ks, MOST_LINES)
    color, marker = colors.along(shown), colors.markers(shown)
    drawn, axes = panels(len(SPLITS), len(lines), height=1.75)
    extent: list[float] = []
    left = joined.groupby(LINE)[WEIGHTS_LEFT].mean()
    found = joined.groupby([*CELL, "alpha"])[errors].agg(["mean", "std"])
    paths: dict[Any, Any] = {
        (*cell, error): of[error].droplevel([*CELL])
        for cell, of in found.groupby(level=[*CELL])
        for error in errors
    }
    for j, line in enumerate(lines):
        for k, (i, error) in product(shown, enumerate(errors)):
            of = paths.get((*line, k, error))
            if of is not None:
                _draw(axes[i][j], of, color[k], marker[k], shown.index(k))
                extent += [*of["mean"], *(end for side in _band(of) for end in side)]
        words.title(axes[0][j], f"{strategy(line[0]).label}{_left(line[0], left[line])}")
        words.name_x(axes[-1][j], "α")
    for row, split in zip(axes, SPLITS, strict=True):
        words.name_y(row, f"{split} error (%)")
    first = axes[0][0]
    words.ticks(first.xaxis, {0.0: "0", 0.5: "0.5", 1.0: "1"})
    first.set_xlim(-0.03, 1.03)
    error_axis(first, float(np.nanmin(extent)), float(np.nanmax(extent)))
    every = sorted(int(level) for level in joined[LEVEL].unique())
    if not from_files(joined).all():
        deviates = has_deviations(trials)
        legend_of(drawn, {k: (color[k], marker[k]) for k in shown}, deviations=deviates)
        levels = [level for name, level in lines if name != DENSE]
        words.note(
            drawn,
            left_out("level", [level for level in every if level], levels),
            left_out("k", ks, shown),
        )
    return drawn


def shown_lines(frame: pd.DataFrame) -> list[tuple[str, int]]:
    """Return the strategies and levels that are drawn, in order: all, or those of some levels."""
    every = sorted(
        {(str(name), int(level)) for name, level in frame[LINE].itertuples(index=False)},
        key=lambda line: (rank(line[0]), line[1]),
    )
    if len(every) <= MOST_GROUPS or from_files(frame).all():
        return every
    strategies = {name for name, level in every if level}
    room = MOST_GROUPS - sum(level == 0 for _, level in every)
    levels = sorted({level for _, level in every if level})
    kept = {0, *chosen(levels, max(room // len(strategies), 1))}
    return [line for line in every if line[1] in kept]


def _draw(panel: Axes, of: pd.DataFrame, color: str, marker: str, place: int) -> None:
    """Draw the mean of a path, by alpha, with its deviation as a band."""
    step = max((len(of) - 1) // MARKED, 1)
    panel.plot(
        *(of.index, of["mean"]),
        color=color,
        marker=marker,
        ms=scaled(3.4),
        # Lines begin their marks at places of their own, so that marks do not cover each other.
        markevery=(place * step // MOST_LINES, step),
        zorder=3,
    )
    low, high = _band(of)
    if low.notna().all():
        panel.fill_between(of.index, low, high, zorder=2, **marks.band(color))


def _band(of: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Where a band begins and ends at each alpha; no error is below 0, so no band is."""
    return (of["mean"] - of["std"]).clip(lower=0.0), of["mean"] + of["std"]


def _left(name: str, percent: float) -> str:
    """What a title says of the weights that are left; empty where none is pruned."""
    whole = name == DENSE or (is_of_files(name) and percent > 99.95)
    return "" if whole else f", {weights(percent)} % left"


def has_deviations(trials: pd.DataFrame) -> bool:
    """Whether some line has a band: those of two samples or more do."""
    return bool((trials.groupby(CELL).size() > 1).any())


def legend_of(
    drawn: Figure, looks: Mapping[int, tuple[str, str]], *, deviations: bool = False
) -> None:
    """Put a legend of rewind points above a figure, of their colours and markers."""
    bands = [marks.band_entry("mean ± 1 std")] if deviations else []
    words.legend(drawn, [*handles_of(looks), *bands])


def handles_of(looks: Mapping[int, tuple[str, str]]) -> Iterator[Line2D]:
    """Yield the legend's entry of each rewind point."""
    for k, (color, marker) in looks.items():
        yield Line2D(
            [], [], color=color, marker=marker, ms=scaled(3.8), label=f"k = {iteration(k)}"
        )
