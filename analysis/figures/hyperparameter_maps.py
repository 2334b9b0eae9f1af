"""Instability and onsets by two hyperparameters, as heat maps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.colors import Colormap, LogNorm

from analysis.ends import LINE
from analysis.figures import colors, words
from analysis.figures.hyperparameters import MEASURE, lines_of
from analysis.figures.panels import begin, chosen, panels
from analysis.figures.style import GROUND, current, in_style, iteration
from analysis.formats import number
from analysis.hyperparameters import Axes, in_order, judged_onsets, value_text
from analysis.published import Verdict
from analysis.records import LEVEL, RECIPE, REWIND, STRATEGY
from analysis.strategies import DENSE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOW, HIGH = 0.1, 100.0
"""Ends of a heat map's scale of instability, in %."""


MOST_MAPS = 24

ROOM = 2.6
"""A field needs to have its number, in times the height of the number's text."""


class _Map(NamedTuple):
    """A heat map's title, and its numbers and words by row and column."""

    title: str
    values: np.ndarray
    words: list[list[str]]


@in_style
def instability_maps(cells: pd.DataFrame, axes: Axes) -> Figure:
    """Test instability (%) over two hyperparameters, a map per line of networks and k."""
    maps = []
    for line in lines_of(cells):
        own = cells[(cells[STRATEGY] == line.strategy) & (cells[LEVEL] == line.level)]
        for k, points in own.groupby(REWIND):
            values = dict(zip(points[RECIPE], points[MEASURE], strict=True))
            texts = {label: number(value) for label, value in values.items()}
            maps.append(_map(f"{line.title}\nk = {iteration(int(str(k)))}", axes, values, texts))
    each = int(cells.groupby(LINE)[REWIND].nunique().max())
    return _maps(maps, axes, each, LogNorm(LOW, HIGH, clip=True), colors.HEIGHTS)


@in_style
def onset_maps(cells: pd.DataFrame, axes: Axes) -> Figure | None:
    """The first stable and the first matching k over two hyperparameters, a map per line.

    None where nothing is judged.
    """
    maps = list(_onset_maps(cells, axes))
    if not maps:
        return None
    highest = max(float(np.nanmax(one.values)) for one in maps)
    return _maps(maps, axes, 4, LogNorm(1, highest + 1, clip=True), colors.K_SCALE)


def _onset_maps(cells: pd.DataFrame, axes: Axes) -> Iterator[_Map]:
    verdicts: tuple[Verdict, Verdict] = ("stable", "matching")
    for verdict in verdicts:
        frame = judged_onsets(cells, verdict)
        for line in lines_of(cells):
            own = frame[(frame[STRATEGY] == line.strategy) & (frame[LEVEL] == line.level)]
            if own.empty or (line.strategy == DENSE and verdict == "matching"):
                continue
            rows = own.to_dict("records")
            values = {
                row[RECIPE]: float(row["onset"]) + 1 if pd.notna(row["onset"])
                else 3.0 * float(row["last"]) + 1
                for row in rows
            }  # fmt: skip
            texts = {
                row[RECIPE]: iteration(int(row["onset"])) if pd.notna(row["onset"]) else "none"
                for row in rows
            }
            yield _map(f"{line.title}\nfirst {verdict} k", axes, values, texts)


def _map(title: str, axes: Axes, values: Mapping[str, float], texts: Mapping[str, str]) -> _Map:
    rows, columns = (in_order(list(of.values())) for of in axes.values())
    grid = np.full((len(rows), len(columns)), np.nan)
    words = [["" for _ in columns] for _ in rows]
    across, down = axes.values()
    for label, value in values.items():
        row, column = rows.index(across[label]), columns.index(down[label])
        grid[row, column], words[row][column] = value, texts[label]
    return _Map(title, grid, words)


def _maps(maps: Sequence[_Map], axes: Axes, columns: int, norm: LogNorm, scale: Colormap) -> Figure:
    (row_name, of_rows), (column_name, of_columns) = axes.items()
    rows, across = (in_order(list(of.values())) for of in (of_rows, of_columns))
    shown = chosen(maps, MOST_MAPS)
    height = max(1.4, 0.3 * len(rows) + 0.75)
    least = max(ROOM * len(across) + 2.0, 9.0)
    figure, [drawn] = panels(1, len(shown), height=height, least=least, most=min(columns, 6))
    size = current().small
    width = 72 * figure.get_figwidth() / drawn[0].get_gridspec().ncols - 6 * size  # type: ignore[union-attr]
    written = width / len(across) > 1.6 * size
    for one, panel in zip(shown, drawn, strict=True):
        panel.grid(False)
        mesh = panel.pcolormesh(one.values, norm=norm, cmap=scale, edgecolors=GROUND, lw=0.4)
        for (row, column), value in np.ndenumerate(one.values if written else np.empty((0, 0))):
            word = one.words[row][column]
            if word and not math.isnan(value):
                ink = colors.ink_on(mesh.to_rgba(value))
                panel.text(column + 0.5, row + 0.5, word, ha="center", va="center",
                           fontsize=size, color=ink)  # fmt: skip
        words.title(panel, one.title)
        words.ticks(panel.xaxis, {i + 0.5: value_text(one) for i, one in enumerate(across)})
        words.ticks(panel.yaxis, {i + 0.5: value_text(one) for i, one in enumerate(rows)})
        panel.tick_params(labelbottom=True, length=0)
        for spine in panel.spines.values():
            spine.set_visible(False)
        words.name_x(panel, column_name)
    words.name_y(begin(drawn), row_name)
    words.note(
        figure,
        f"Drawn are {len(shown)} of {len(maps)} maps." if len(shown) < len(maps) else "",
    )
    return figure
