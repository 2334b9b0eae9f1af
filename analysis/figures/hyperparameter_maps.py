"""Instability and onsets by two hyperparameters, as heat maps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm

from analysis.ends import LINE
from analysis.figures.hyperparameters import INSTABILITY, MAPS, lines_of
from analysis.figures.style import INK, RC, iteration, panels
from analysis.formats import number
from analysis.hyperparameters import Axes, in_order, judged_onsets, value_text
from analysis.published import Verdict
from analysis.records import LEVEL, RECIPE, REWIND, STRATEGY
from analysis.strategies import DENSE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOW, HIGH = 0.1, 100.0
"""Ends of a heat map's scale of instability, in %."""


class _Map(NamedTuple):
    """A heat map's title, and its numbers and words by row and column."""

    title: str
    values: np.ndarray
    words: list[list[str]]


@matplotlib.rc_context(RC)
def instability_maps(cells: pd.DataFrame, axes: Axes) -> Figure:
    """Test instability (%) over two hyperparameters, a map per line of networks and k."""
    maps = []
    for line in lines_of(cells):
        own = cells[(cells[STRATEGY] == line.strategy) & (cells[LEVEL] == line.level)]
        for k, points in own.groupby(REWIND):
            values = dict(zip(points[RECIPE], points[INSTABILITY], strict=True))
            texts = {label: number(value) for label, value in values.items()}
            maps.append(_map(f"{line.title}\nk = {iteration(int(str(k)))}", axes, values, texts))
    each = cells.groupby(LINE)[REWIND].nunique().max()
    return _maps(maps, axes, min(int(each), 6), LogNorm(LOW, HIGH, clip=True))


@matplotlib.rc_context(RC)
def onset_maps(cells: pd.DataFrame, axes: Axes) -> Figure | None:
    """The first stable and the first matching k over two hyperparameters, a map per line.

    None where nothing is judged.
    """
    maps = list(_onset_maps(cells, axes))
    if not maps:
        return None
    highest = max(float(np.nanmax(one.values)) for one in maps)
    return _maps(maps, axes, min(len(maps), 3), LogNorm(1, highest + 1, clip=True))


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


def _maps(maps: Sequence[_Map], axes: Axes, columns: int, norm: LogNorm) -> Figure:
    (row_name, of_rows), (column_name, of_columns) = axes.items()
    rows, across = (in_order(list(of.values())) for of in (of_rows, of_columns))
    width = max(1.5, 0.5 * len(across) + 0.5)
    height = max(1.4, 0.34 * len(rows) + 0.7)
    figure, drawn = panels(math.ceil(len(maps) / columns), columns, width=width, height=height)
    colours = matplotlib.colormaps[MAPS]
    for number_, (one, panel) in enumerate(zip(maps, drawn, strict=False)):
        panel.grid(False)
        panel.imshow(one.values, norm=norm, cmap=colours, origin="lower", aspect="auto")
        for row, words in enumerate(one.words):
            for column, word in enumerate(words):
                value = one.values[row, column]
                if not word or math.isnan(value):
                    continue
                dark = float(norm(max(value, norm.vmin or 1e-9))) < 0.6
                panel.text(column, row, word, ha="center", va="center", fontsize=7.5,
                           color="white" if dark else INK)  # fmt: skip
        panel.set_title(one.title)
        panel.set_xticks(range(len(across)), [value_text(value) for value in across])
        panel.set_yticks(range(len(rows)), [value_text(value) for value in rows])
        panel.tick_params(labelbottom=True)
        panel.set_xlabel(column_name)
        if number_ % columns == 0:
            panel.set_ylabel(row_name)
    for panel in drawn[len(maps) :]:
        panel.remove()
    return figure
