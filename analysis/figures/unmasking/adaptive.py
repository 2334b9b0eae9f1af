"""Unmasking Figure 4: adaptive pruning against pruning by a fixed share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.figures import words
from analysis.figures.lmc.figure import (
    Curve,
    PaperFigure,
    Sheet,
    draw_curve,
    grid,
    legend,
    titled,
)
from analysis.figures.lmc.sparse_error import dense_band, dense_band_entry
from analysis.figures.style import iteration
from analysis.figures.unmasking.common import at_most, at_most_entry
from analysis.formats import UNKNOWN, spread, weights
from analysis.levels import adaptive_table, schedules
from analysis.records import INIT_SEED, LEVEL, REWIND, STRATEGY, WEIGHTS_LEFT
from analysis.strategies import IMP, IMP_ADAPTIVE, strategy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.study import Study

LOOKS = {
    IMP: Curve([], [], [], strategy(IMP).color, "20 % per level", marker="o"),
    IMP_ADAPTIVE: Curve([], [], [], strategy(IMP_ADAPTIVE).color, "adaptive", marker="x"),
}
"""Circles and crosses, as in the paper; the colours are those of the strategies everywhere."""

TICKS = (100, 50, 20, 10, 5, 2, 1)


def _means(study: Study) -> pd.DataFrame:
    """A row per schedule and level at the latest k: weights left, error and its deviation."""
    found = schedules(study)
    found = found[found[REWIND] == found[REWIND].max()]
    groups = found.groupby([STRATEGY, LEVEL], as_index=False)
    return groups.agg(
        weights_left=(WEIGHTS_LEFT, "mean"),
        lowest=(WEIGHTS_LEFT, "min"),
        highest=(WEIGHTS_LEFT, "max"),
        error=("error", "mean"),
        error_std=("error", "std"),
        n=(INIT_SEED, "nunique"),
    )


def _draw(studies: Sequence[Study]) -> Figure:
    drawn, [axes] = grid(1, len(studies), height=2.6)
    every: list[Curve] = []
    for panel, study in zip(axes, studies, strict=True):
        means = _means(study)
        for name, line in means[means["n"] == means["n"].max()].groupby(STRATEGY):
            curve = Curve.of(line, WEIGHTS_LEFT, "error", LOOKS[str(name)])
            draw_curve(panel, curve)
            every.append(curve)
        dense_band(panel, study)
        at_most(panel, study)
        panel.set_xscale("log")
        panel.invert_xaxis()
        lowest = means[WEIGHTS_LEFT].min()
        ticks = [tick for tick in TICKS if tick >= 0.8 * lowest]
        words.ticks(panel.xaxis, {float(tick): str(tick) for tick in ticks}, (100.0,))
        words.name_x(panel, "weights left (%)")
        titled(panel, study)
        assert isinstance(drawn, Sheet)
        k = iteration(int(schedules(study)[REWIND].max()))
        drawn.tables[f"{study.name}, k = {k}: weights left (%) and test error (%)"] = _table(means)
    words.name_y(axes, "test error (%)")
    legend(drawn, every, [dense_band_entry(), at_most_entry()])
    return drawn


def _table(means: pd.DataFrame) -> pd.DataFrame:
    """A row per number of retrainings: what is left and the error, of either schedule."""
    levels = sorted(means[LEVEL].unique())
    columns = {"retrainings": [str(level) for level in levels]}
    for name, look in LOOKS.items():
        own: dict[Any, Any] = {
            row.level: row for row in means[means[STRATEGY] == name].itertuples()
        }
        rows: list[Any] = [own.get(level) for level in levels]
        columns[f"{look.label}: left"] = [
            UNKNOWN if one is None else _left(one.lowest, one.highest) for one in rows
        ]
        columns[f"{look.label}: error"] = [
            UNKNOWN if one is None else spread(one.error, one.error_std) for one in rows
        ]
        columns[f"{look.label}: n"] = [UNKNOWN if one is None else str(one.n) for one in rows]
    return pd.DataFrame(columns, dtype="object")


def _left(low: float, high: float) -> str:
    """Weights left of several inits: "8.6", or "7.3 to 8.8"."""
    return " to ".join(dict.fromkeys([weights(low), weights(high)]))


DRAWN = {
    "u-fig4": PaperFigure(
        name="u-fig4",
        source="Unmasking Figure 4",
        title="Adaptive pruning",
        needs=lambda study: len(adaptive_table(study)) > 0 and not study.cells.empty,
        draw=_draw,
        caption="Test error against the weights left, of pruning 20 % per level (circles) and as "
        "much as the training loss allows (crosses), rewound to the latest k: means over inits, "
        "with the standard deviation of the error, of as many retrainings as all inits have. Each "
        "mark is one retraining; level 0, the dense "
        "network, is the first of both. The grey band is the dense networks’ error; networks "
        "match it up to the dotted line.",
        alt="Line charts of test error against the weights left, on a logarithmic scale, a line "
        "per schedule.",
    )
}
