"""Small multiples: panels in rows and columns that fill the width of a figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from analysis.figures.style import current
from analysis.formats import spans

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Rows = list[list["Axes"]]

LEAST = 14.5
"""The width that a panel needs, in times the height of its text."""

MOST = 4
"""Panels side by side."""

LOWEST = 0.7
"""The height that a panel needs in a page, in inches."""

Share = Literal["all", "rows", "none"]
"""All panels have the same scales; those of a row the same y, of a column the same x; or none."""

T = TypeVar("T")


def per_row(columns: int, least: float = LEAST, most: int = MOST) -> int:
    """Return how many of so many panels stand side by side: rows are as long as each other."""
    style = current()
    fitting = max(1, min(most, int(72 * style.width / style.text / least), columns))
    return math.ceil(columns / math.ceil(columns / fitting))


def panels(
    rows: int,
    columns: int,
    *,
    height: float,
    least: float = LEAST,
    most: int = MOST,
    share: Share = "all",
    kind: type[Figure] = Figure,
) -> tuple[Figure, Rows]:
    """Return a figure and its axes [row][column], as wide as the current style has it.

    `height` is a panel's in a page, in inches. Where columns have no room side by side, the rows
    of the others follow below. All have the same scales, or panels of a row the same y and those
    of a column the same x, or none.
    """
    style, across = current(), per_row(columns, least, most)
    blocks = math.ceil(columns / across)
    each = min(height * style.height, style.tallest / (rows * blocks))
    each = max(each, LOWEST * style.scale)
    figure = sheet(rows * blocks * each + 0.35 * style.scale, kind)
    grid: Any = figure.subplots(rows * blocks, across, squeeze=False)
    axes: Rows = [
        [grid[j // across * rows + i][j % across] for j in range(columns)] for i in range(rows)
    ]
    for place in range(columns, blocks * across):
        for i in range(rows):
            grid[place // across * rows + i][place % across].remove()
    if share != "none":
        _share(axes, share, across)
    return figure, axes


def sheet(height: float, kind: type[Figure] = Figure) -> Figure:
    """Return an empty figure of such a height, in inches, and of the current style's width."""
    style = current()
    layout = Settled(h_pad=0.05 * style.scale, w_pad=0.04 * style.scale, hspace=0.0, wspace=0.0)
    return kind((style.width, height), layout=layout)


class Settled(ConstrainedLayoutEngine):
    """matplotlib's layout, done twice at first: which labels fit depends on where panels are."""

    _begun = False

    def execute(self, fig: Figure) -> Any:
        """Lay a figure out."""
        if not self._begun:
            self._begun = True
            super().execute(fig)
        return super().execute(fig)


def _share(axes: Rows, share: str, across: int) -> None:
    rows, columns = len(axes), len(axes[0])
    for i, row in enumerate(axes):
        for j, panel in enumerate(row):
            x, y = (axes[0][0], axes[0][0]) if share == "all" else (axes[0][j], row[0])
            if panel is not x:
                panel.sharex(x)
            if panel is not y:
                panel.sharey(y)
            covered = i + 1 < rows or (share == "all" and rows == 1 and j + across < columns)
            panel.tick_params(labelbottom=not covered, labelleft=j % across == 0)


def begin(row: Sequence[Axes]) -> list[Axes]:
    """Return the panels of a row that stand at the left."""
    return [one for one in row if (spec := one.get_subplotspec()) and spec.is_first_col()]


def lowest(axes: Rows) -> list[Axes]:
    """Return the panels below which none stands that has the same x."""
    return [p for row in axes for p in row if p.xaxis.get_tick_params().get("labelbottom", True)]


def crowded(panel: Axes, points: int) -> float:
    """Return how much smaller marks are where so many stand side by side: 1 where there is room."""
    room = breadth(panel) / max(points, 1)
    return min(max(room / (14 * current().scale), 0.55), 1.0)


def breadth(panel: Axes) -> float:
    """Return about how wide the inside of a panel is, in points, before it is laid out."""
    spec = panel.get_subplotspec()
    columns = 1 if spec is None else spec.get_gridspec().ncols
    return 0.8 * 72 * current().width / columns


def chosen(values: Sequence[T], most: int) -> list[T]:
    """Return at most so many of some values, as evenly spaced as they come, the ends included."""
    if len(values) <= most:
        return list(values)
    if most == 1:
        return [values[-1]]
    return [values[round(i * (len(values) - 1) / (most - 1))] for i in range(most)]


def left_out(name: str, values: Sequence[int], shown: Sequence[int]) -> str:
    """Return a sentence that names the values that are not shown; empty where all are."""
    without = [one for one in values if one not in shown]
    if not without:
        return ""
    if name == "k":
        return f"Not drawn: k = {', '.join(map(str, without))}."
    return f"Not drawn: {name}{'s' * (len(without) > 1)} {spans(without)}."
