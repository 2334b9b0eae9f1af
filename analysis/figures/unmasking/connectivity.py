"""Unmasking Figures 2 and 6: error along the path through all levels, and between every two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm

from analysis.figures import colors, words
from analysis.figures.lmc.figure import (
    Curve,
    PaperFigure,
    Sheet,
    draw_curve,
    from_zero,
    legend,
)
from analysis.figures.lmc.sparse_error import dense_band, dense_band_entry
from analysis.figures.panels import per_row, sheet
from analysis.figures.style import GROUND, area, current, iteration
from analysis.figures.unmasking.common import (
    SMALLEST,
    along_levels,
    at_most,
    at_most_entry,
    chain_of,
    enlarge,
    level_ticks,
    lines_of,
    percent_ticks,
    threshold_of,
)
from analysis.formats import UNKNOWN, spread
from analysis.levels import judged_pairs
from analysis.records import LEVEL, LEVEL_2, REWIND, STRATEGY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from analysis.study import Study

LEAST = 1.0
"""The least extent of the colour scale, in points."""


def _needs(study: Study) -> bool:
    strategy = chain_of(study)
    return strategy is not None and len(along_levels(study, strategy)) > 0


def _draw(studies: Sequence[Study]) -> Figure:
    style, beside = current(), per_row(3) == 3  # else one below the other
    rows, columns = (len(studies), 3) if beside else (3 * len(studies), 1)
    drawn = sheet(rows * min(2.5 * max(style.height, 0.75), style.tallest / rows) + 0.3, Sheet)
    assert isinstance(drawn, Sheet)
    ratios = (1.15, 1.0, 1.05) if beside else None
    axes: Any = drawn.subplots(rows, columns, squeeze=False, width_ratios=ratios)
    axes = axes.reshape(len(studies), 3)
    every: list[Curve] = []
    for row, study in zip(axes, studies, strict=True):
        strategy = str(chain_of(study))
        found = along_levels(study, strategy)
        curves = lines_of(found, "place")
        every += curves
        for curve in curves:
            _draw_path(row[0], curve)
        _draw_path(row[1], curves[-1])
        last = int(found[REWIND].max())
        enlarge(row[1], study, curves[-1:])
        pairs = judged_pairs(study)
        pairs = pairs[(pairs[STRATEGY] == strategy) & (pairs[REWIND] == last)]
        _heat(row[2], pairs, threshold_of(study))
        of = f"{study.name}\n" if len(studies) > 1 else ""
        words.name_y(row[:1], f"{of}test error (%)")
        words.name_y(row[1:2], "test error (%)")
        words.title(row[0], "Path through all levels")
        words.title(row[1], f"Enlarged, {curves[-1].label}")
        words.title(row[2], f"Highest error, {curves[-1].label}")
        for panel in row[:2]:
            dense_band(panel, study)
            at_most(panel, study)
            level_ticks(panel.xaxis, _levels(found))
            words.name_x(panel, "level L")
        from_zero(row[0])
        of_study = f"{study.name}: " if len(studies) > 1 else ""
        drawn.tables |= {
            f"{of_study}{caption}": table
            for caption, table in _tables(found, pairs, curves[-1].label).items()
        }
    legend(drawn, every, [dense_band_entry(), at_most_entry()])
    return drawn


def _levels(found: pd.DataFrame) -> list[int]:
    return sorted({int(place) for place in found["place"] if float(place).is_integer()})


def _draw_path(panel: Axes, curve: Curve) -> None:
    """A path with a dot at each level's network."""
    draw_curve(panel, replace(curve, marker=""))
    at = [i for i, x in enumerate(curve.x) if float(x).is_integer()]
    networks = [curve.x[i] for i in at], [curve.mean[i] for i in at]
    panel.scatter(*networks, s=area(3.6), marker=curve.marker, color=curve.color, lw=0, zorder=4)


def _heat(panel: Axes, pairs: pd.DataFrame, threshold: float) -> None:
    """The highest error on the path between every two levels; darkest up to the threshold."""
    levels = sorted({*pairs[LEVEL], *pairs[LEVEL_2]})
    grid = np.full((len(levels), len(levels)), np.nan)
    place = {level: i for i, level in enumerate(levels)}
    for row in pairs.itertuples():
        i, j = place[row.level], place[row.level_2]
        grid[i, j] = grid[j, i] = row.highest
        grid[i, i], grid[j, j] = row.error, row.error_2
    low = max(float(np.nanmin(grid)) if np.isnan(threshold) else threshold, SMALLEST)
    high = max(float(np.nanmax(grid)), low + LEAST)
    mesh = panel.pcolormesh(
        grid, cmap=colors.HEIGHTS, norm=LogNorm(low, high), edgecolors=GROUND, lw=0.3
    )
    for axis in (panel.xaxis, panel.yaxis):
        level_ticks(axis, levels, 0.5)
    panel.invert_yaxis()
    panel.set_aspect("equal")
    panel.grid(visible=False)
    panel.set_xlabel("level")
    panel.set_ylabel("level")
    figure: Any = panel.figure
    bar = figure.colorbar(mesh, ax=panel, label="test error (%)", extend="min", shrink=0.9)
    percent_ticks(bar, low, high)


def _tables(found: pd.DataFrame, pairs: pd.DataFrame, label: str) -> dict[str, pd.DataFrame]:
    """What both kinds of panels draw: at and halfway between levels, and pair by pair."""
    half = found[(2 * found["place"] % 1 == 0)]
    path: dict[str, list[str]] = {"level L": [f"{place:g}" for place in _places(half)]}
    for k, line in half.groupby(REWIND):
        at = line.set_index("place")
        said = {p: spread(row["error"], row["error_std"]) for p, row in at.iterrows()}
        path[f"k = {iteration(int(str(k)))}"] = [said.get(p, UNKNOWN) for p in _places(half)]
    path["n"] = [str(int(half.loc[half["place"] == p, "n"].min())) for p in _places(half)]
    every = {(row.level, row.level_2): row for row in pairs.itertuples()}
    firsts, seconds = (sorted(set(pairs[name])) for name in (LEVEL, LEVEL_2))
    heat: dict[str, list[str]] = {"level": [str(one) for one in firsts]}
    for second in seconds:
        cells = [every.get((first, second)) for first in firsts]
        heat[str(second)] = ["" if one is None else _spread(one) for one in cells]
    return {
        "Error along the path (%), at the levels and halfway between them": pd.DataFrame(path),
        f"Highest error (%) on the path between two levels, {label}": pd.DataFrame(heat),
    }


def _places(half: pd.DataFrame) -> list[float]:
    return sorted(half["place"].unique())


def _spread(pair: Any) -> str:
    return spread(pair.highest, pair.highest_std)


FIGURE = PaperFigure(
    name="u-fig2",
    source="Unmasking Figure 2",
    title="Levels of pruning, linearly connected or not",
    needs=_needs,
    draw=_draw,
    caption="Left: test error along the straight lines from the network of each level, w(L), to "
    "that of the next, a line per rewind iteration k: mean and standard deviation over inits; "
    "dots are the networks. Middle: the latest k near the matching error, which is the dense "
    "networks’ error plus its standard deviation ε (dotted). Right: the highest error on the "
    "straight line between every two levels at the latest k, mean over inits; on the diagonal the "
    "network’s own. The darkest cells are at most at the matching error; colours are logarithmic.",
    alt="Two line charts of test error against the level, a line per k, and a heat map of the "
    "highest error between every two levels.",
)

DRAWN = {
    "u-fig2": FIGURE,
    "u-fig6": replace(FIGURE, name="u-fig6", source="Unmasking Figure 6", beyond=False),
}
