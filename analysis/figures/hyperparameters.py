"""Instability and onsets against one hyperparameter."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.ticker import FuncFormatter, NullFormatter

from analysis.ends import LINE
from analysis.figures.style import INK, RC, iteration, panels
from analysis.formats import weights
from analysis.hyperparameters import (
    Axes,
    Course,
    groups,
    in_order,
    level_of,
    said,
    value_text,
)
from analysis.records import LEVEL, RECIPE, REWIND, STRATEGY
from analysis.strategies import DENSE, rank, strategy

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes as Panel
    from matplotlib.figure import Figure

MAX_COLUMNS = 4

MOST_LABELS = 8
"""Of k in a legend."""

MAPS = "viridis"
"""Colours of k and of heat maps: told apart with any colour vision, and in grey."""

INSTABILITY = "instability_test"


class Line(NamedTuple):
    """Networks of one strategy and level."""

    strategy: str
    level: int
    title: str


def lines_of(cells: pd.DataFrame) -> list[Line]:
    """The lines of a frame of cells, in the order of strategies and levels."""
    pairs = {(str(name), int(level)) for name, level in cells[LINE].itertuples(index=False)}
    return [
        Line(name, level, _title(name, level_of(cells, name, level)))
        for name, level in sorted(pairs, key=lambda pair: (rank(pair[0]), pair[1]))
    ]


def _title(name: str, left: float) -> str:
    label = strategy(name).label
    return label if name == DENSE else f"{label}, {weights(left)} % left"


@matplotlib.rc_context(RC)
def along(cells: pd.DataFrame, axes: Axes, axis: str, stable_below: float) -> Figure:
    """Test instability (%) against one hyperparameter, a line per rewind iteration k.

    A panel per line of networks and per combination of the other hyperparameters; where recipes
    differ in all of them, as those of a sample do, one panel with a point per recipe.
    """
    lines = lines_of(cells)
    fixed = {key: labels for key, labels in groups(axes, axis).items() if len(labels) > 1}
    others = [name for name in axes if name != axis]
    shown: Mapping[tuple[Any, ...], Sequence[str]] = fixed or {(): list(axes[axis])}
    places = [(line, key) for line in lines for key in shown]
    columns = min(len(shown) if len(shown) > 1 else len(lines), MAX_COLUMNS)
    figure, drawn = panels(math.ceil(len(places) / columns), columns, width=2.6, height=2.2)
    ks = sorted(cells[REWIND].unique())
    colours = dict(zip(ks, matplotlib.colormaps[MAPS](np.linspace(0, 0.9, len(ks))), strict=True))
    scale = Scale(in_order(list(axes[axis].values())))
    for number_, ((line, key), panel) in enumerate(zip(places, drawn, strict=False)):
        own = cells[
            (cells[STRATEGY] == line.strategy)
            & (cells[LEVEL] == line.level)
            & cells[RECIPE].isin(shown[key])
        ]
        for k, points in own.groupby(REWIND):
            x = [scale.at(axes[axis][label]) for label in points[RECIPE]]
            order = np.argsort(x)
            y, spread = points[INSTABILITY].to_numpy(), points[f"{INSTABILITY}_std"].to_numpy()
            panel.errorbar(
                np.array(x)[order],
                y[order],
                np.nan_to_num(spread[order]),
                color=colours[k],
                marker="o",
                ms=3.5,
                lw=1.3 if fixed else 0,
                elinewidth=0.6,
                alpha=0.9,
                label=f"k = {iteration(int(str(k)))}" if len(ks) <= MOST_LABELS else None,
            )
        panel.axhline(stable_below, color=INK, lw=0.8, ls=(0, (4, 3)))
        panel.set_yscale("symlog", linthresh=max(stable_below, 1.0))
        panel.set_ylim(bottom=0)
        panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        scale.show(panel)
        where = said(dict(zip(others, key, strict=False))) if key else ""
        panel.set_title("\n".join(filter(None, (line.title, where))))
        panel.set_xlabel(axis)
        panel.tick_params(labelbottom=True)
        if number_ % columns == 0:
            panel.set_ylabel("test instability (%)")
    _finish(figure, drawn, len(places))
    return figure


@matplotlib.rc_context(RC)
def onsets_along(found: Sequence[Course]) -> Figure:
    """The first stable, or matching, k against one hyperparameter: brackets, a line per value of
    the others.

    `found` are courses along one axis; a panel is of one line of networks and one verdict.
    """
    titles: dict[tuple[str, int, str], list[Course]] = {}
    for one in found:
        titles.setdefault((one.strategy, one.level, one.verdict), []).append(one)
    columns = min(len(titles), MAX_COLUMNS)
    figure, drawn = panels(math.ceil(len(titles) / columns), columns, width=2.6, height=2.3)
    fixed = list(dict.fromkeys(said(one.fixed) for one in found))
    shades = matplotlib.colormaps[MAPS](np.linspace(0, 0.85, len(fixed)))
    colours = dict(zip(fixed, shades, strict=True))
    scale = Scale(in_order([point.value for one in found for point in one.points]))
    never = 3 * max((point.last for one in found for point in one.points), default=1) + 1
    for number_, ((name, _, verdict), own) in enumerate(titles.items()):
        panel = drawn[number_]
        for one in own:
            x = np.array([scale.at(point.value) for point in one.points])
            x = x + 0.06 * (fixed.index(said(one.fixed)) - (len(fixed) - 1) / 2) * scale.step
            onset = np.array([min(point.onset, never) for point in one.points])
            failed = np.array(
                [
                    point.last if math.isinf(point.onset) else np.nan_to_num(point.failed)
                    for point in one.points
                ]
            )
            colour = colours[said(one.fixed)]
            panel.vlines(x, failed, onset, color=colour, lw=3, alpha=0.35)
            marks = [not math.isinf(point.onset) for point in one.points]
            panel.plot(x, onset, color=colour, lw=1, label=said(one.fixed) or None)
            for mark, form in ((True, "o"), (False, "^")):
                chosen = [index for index, has in enumerate(marks) if has is mark]
                panel.plot(x[chosen], onset[chosen], form, ms=4, color=colour)
        panel.set_yscale("symlog", linthresh=1)
        panel.set_ylim(0, never * 1.6)
        panel.yaxis.set_major_formatter(
            FuncFormatter(lambda k, _: iteration(round(k)) if k < never else "")
        )
        scale.show(panel)
        panel.set_title(f"{_title(name, own[0].left)}\n{verdict} from")
        panel.set_xlabel(own[0].axis)
        panel.tick_params(labelbottom=True)
        if number_ % columns == 0:
            panel.set_ylabel("rewind iteration k")
    _finish(figure, drawn, len(titles))
    return figure


class Scale:
    """Where an axis has its values: numbers on a log scale where they span much, words in order."""

    def __init__(self, values: Sequence[Any]):
        self._values = list(values)
        numbers = all(isinstance(one, float) for one in values)
        self._log = numbers and min(values) > 0 and max(values) / min(values) >= 5
        self._words = not numbers
        if self._words:
            self.step = 1.0
        else:
            ends = [self.at(one) for one in (min(values), max(values))]
            self.step = (ends[1] - ends[0]) / max(len(values) - 1, 1) or 1.0

    def at(self, value: Any) -> float:
        if self._words:
            return float(self._values.index(value))
        return math.log10(value) if self._log else float(value)

    def show(self, panel: Panel) -> None:
        """Ticks at the values, or at some of them where there are many."""
        skip = math.ceil(len(self._values) / 6)
        shown = self._values[::skip]
        panel.set_xticks([self.at(one) for one in shown], [value_text(one) for one in shown])
        panel.xaxis.set_minor_formatter(NullFormatter())
        places = [self.at(one) for one in self._values]
        margin = 0.3 * self.step
        panel.set_xlim(min(places) - margin, max(places) + margin)


def _finish(figure: Figure, drawn: Sequence[Panel], used: int) -> None:
    for panel in drawn[used:]:
        panel.remove()
    entries = {
        label: handle
        for panel in drawn[:used]
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)
        if label and not label.startswith("_")
    }
    if entries:
        figure.legend(list(entries.values()), list(entries), loc="outside upper center", ncols=6)
