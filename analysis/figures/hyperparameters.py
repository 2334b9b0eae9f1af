"""Instability and onsets against one hyperparameter."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.lines import Line2D

from analysis.ends import LINE
from analysis.figures import colors, marks, words
from analysis.figures.instability import below, highest
from analysis.figures.panels import begin, chosen, left_out, panels
from analysis.figures.rewind import has_intervals
from analysis.figures.scales import dodges, instability_axis, k_axis, moved, threshold
from analysis.figures.style import GROUND, INK, in_style, iteration, scaled
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
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes as Panel
    from matplotlib.figure import Figure

MOST_PANELS = 24
"""Networks and combinations that have a panel: more would be too small to read."""

MOST_LINES = 6
"""Rewind points in a panel: the marks of more would hide each other."""

MOST_LABELS = 8
"""Of k in a legend."""

MEASURE = "instability_test"


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


@in_style
def along(
    cells: pd.DataFrame,
    axes: Axes,
    axis: str,
    stable_below: float,
    samples: pd.DataFrame | None = None,
) -> Figure:
    """Test instability (%) against one hyperparameter, a line per rewind iteration k.

    A panel per line of networks and per combination of the other hyperparameters; where recipes
    differ in all of them, as those of a sample do, one panel with a point per recipe. Means have
    their 95 % intervals, and each of `samples` is a dot.
    """
    fixed = {key: labels for key, labels in groups(axes, axis).items() if len(labels) > 1}
    others = [name for name in axes if name != axis]
    shown: Mapping[tuple[Any, ...], Sequence[str]] = fixed or {(): list(axes[axis])}
    keys = chosen(list(shown), MOST_PANELS)
    lines = lines_of(cells)
    kept = chosen(lines, max(MOST_PANELS // len(keys), 1))
    places = [(line, key) for line in kept for key in keys]
    most = min(len(keys), 4) if len(keys) > 1 else 4
    figure, [drawn] = panels(1, len(places), height=2.2, most=most)
    ks = sorted(int(k) for k in cells[REWIND].unique())
    some = chosen(ks, MOST_LINES) if fixed else ks
    scale = Scale(in_order(list(axes[axis].values())))
    scale.show(drawn[0])
    at_values = [scale.at(value) for value in axes[axis].values()]
    moves = dodges(drawn[0], len(some), at_values) if fixed else [0.0] * len(some)
    looks = Looks(dict(zip(some, moves, strict=True)), connected=bool(fixed))
    for (line, key), panel in zip(places, drawn, strict=True):
        own = _of(cells, line, shown[key])
        single = None if samples is None else _of(samples, line, shown[key])
        for k in some:
            points = own[own[REWIND] == k]
            x = np.array([scale.at(axes[axis][label]) for label in points[RECIPE]])
            _points(panel, x, points, looks, k)
            if single is not None:
                each = single[single[REWIND] == k]
                at = [scale.at(axes[axis][label]) for label in each[RECIPE]]
                looks.samples(panel, at, each[MEASURE], k)
        where = said(dict(zip(others, key, strict=False))) if key else ""
        words.title(panel, "\n".join(filter(None, (line.title, where))))
        words.name_x(panel, axis)
        panel.tick_params(labelbottom=True)
    words.name_y(begin(drawn), "test instability (%)")
    instability_axis(drawn[0], stable_below, highest(cells, samples))
    for panel in drawn[1:]:
        threshold(panel, stable_below)
    entries: list[Artist] = [*looks.handles()]
    if has_intervals(cells, MEASURE):
        entries.append(marks.bar_entry())
    if samples is not None:
        entries.append(marks.sample_entry("single samples"))
    words.legend(figure, [*entries, below(stable_below)])
    words.note(
        figure,
        _lines_left_out(lines, kept),
        left_out("k", ks, some),
        f"Drawn are {len(keys)} of {len(shown)} combinations." if len(keys) < len(shown) else "",
    )
    return figure


def _of(frame: pd.DataFrame, line: Line, labels: Sequence[str]) -> pd.DataFrame:
    """The rows of a line of networks, of some recipes."""
    own = frame[(frame[STRATEGY] == line.strategy) & (frame[LEVEL] == line.level)]
    return own[own[RECIPE].isin(labels)]


def _lines_left_out(lines: Sequence[Line], kept: Sequence[Line]) -> str:
    titles = [line.title for line in lines if line not in kept]
    return f"Not drawn: {', '.join(titles)}." if titles else ""


class Looks:
    """How the points of each rewind point are drawn: colour, marker and place."""

    def __init__(self, moves: Mapping[int, float], *, connected: bool):
        """`moves` has how far, in points, each rewind point is moved to the right."""
        self._color, self._marker = colors.along(moves), colors.markers(moves)
        self._shift = moves
        first, *others = moves.values()
        # Where values are many, what stands beside a mean would seem to be of another value.
        self._aside = marks.aside(others[0] - first if others else 0.0) if connected else 0.0
        self._width = scaled(1.2) if connected else 0.0

    def of(self, panel: Panel, k: int) -> dict[str, Any]:
        """What `errorbar` takes for the points of k."""
        return {
            "color": self._color[k],
            "marker": self._marker[k],
            "ms": scaled(3.8),
            "lw": self._width,
            **marks.bar(self._color[k]),
            "transform": moved(panel, self._shift[k]),
        }

    def samples(self, panel: Panel, x: Sequence[float], values: Any, k: int) -> None:
        """Draw single samples beside their means."""
        shift = self._shift[k] + self._aside
        look = marks.sample(self._color[k])
        panel.plot(x, values, zorder=2, transform=moved(panel, shift), **look)

    def handles(self) -> list[Line2D]:
        """The legend's entries; of many k, those of some."""
        return [
            Line2D([], [], color=self._color[k], marker=self._marker[k], ms=scaled(3.8),
                   lw=self._width, label=f"k = {iteration(k)}")
            for k in chosen(list(self._color), MOST_LABELS)
        ]  # fmt: skip


def _points(panel: Panel, x: Any, points: pd.DataFrame, looks: Looks, k: int) -> None:
    order = np.argsort(x, kind="stable")
    mean, low, high = (points[f"{MEASURE}{end}"].to_numpy()[order] for end in ("", "_low", "_high"))
    ends = np.nan_to_num(np.array([mean - low, high - mean])).clip(min=0.0)
    panel.errorbar(x[order], mean, ends, zorder=3, **looks.of(panel, k))


@in_style
def onsets_along(found: Sequence[Course]) -> Figure:
    """The first stable, or matching, k against one hyperparameter: brackets, a line per value of
    the others.

    `found` are courses along one axis; a panel is of one line of networks and one verdict.
    """
    titles: dict[tuple[str, int, str], list[Course]] = {}
    for one in found:
        titles.setdefault((one.strategy, one.level, one.verdict), []).append(one)
    kept = chosen(list(titles), MOST_PANELS)
    figure, [drawn] = panels(1, len(kept), height=2.3)
    fixed = list(dict.fromkeys(said(one.fixed) for one in found))
    places = range(len(fixed))
    color, marker = colors.along(places, colors.SETTINGS_SCALE), colors.markers(places)
    scale = Scale(in_order([point.value for one in found for point in one.points]))
    scale.show(drawn[0])
    at_values = [scale.at(point.value) for one in found for point in one.points]
    shift = dodges(drawn[0], len(fixed), at_values)
    ks = {int(k) for one in found for p in one.points for k in (p.onset, p.failed, p.last)
          if math.isfinite(k)}  # fmt: skip
    never = 3 * max(ks, default=1) + 1
    k_axis(drawn[0], {0, *ks}, upright=True)
    drawn[0].set_ylim(top=1.6 * never)
    for key, panel in zip(kept, drawn, strict=True):
        name, _, verdict = key
        own = titles[key]
        for one in own:
            place = fixed.index(said(one.fixed))
            x = np.array([scale.at(point.value) for point in one.points])
            onset = np.array([min(point.onset, never) for point in one.points])
            failed = np.array(
                [
                    point.last if math.isinf(point.onset) else np.nan_to_num(point.failed)
                    for point in one.points
                ]
            )
            at: dict[str, Any] = {"transform": moved(panel, shift[place]), "color": color[place]}
            panel.vlines(x, failed, onset, lw=scaled(2.6), alpha=0.5, **at)
            panel.plot(x, onset, lw=scaled(1), **at)
            has = np.array([not math.isinf(point.onset) for point in one.points])
            panel.plot(x[has], onset[has], marker[place], ms=scaled(4), **at)
            panel.plot(x[~has], onset[~has], marker[place], ms=scaled(4.4), mfc=GROUND, **at)
        words.title(panel, f"{_title(name, own[0].left)}: {verdict} from")
        words.name_x(panel, own[0].axis)
        panel.tick_params(labelbottom=True)
    words.name_y(begin(drawn), "rewind iteration k")
    handles = [
        Line2D([], [], color=color[i], marker=marker[i], ms=scaled(4), label=label)
        for i, label in enumerate(fixed)
        if label
    ]
    late = Line2D([], [], ls="", color=INK, marker="o", mfc=GROUND, ms=scaled(4.4),
                  label="not up to the last k")  # fmt: skip
    never_so = any(math.isinf(point.onset) for one in found for point in one.points)
    words.legend(figure, [*handles, *([late] if never_so else [])])
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
        """Let an axis have ticks at the values; of labels that would overlap, some are left out."""
        places = {self.at(one): value_text(one) for one in self._values}
        words.ticks(panel.xaxis, places, [*places][:: max(len(places) - 1, 1)])
        margin = 0.3 * self.step
        panel.set_xlim(min(places) - margin, max(places) + margin)
