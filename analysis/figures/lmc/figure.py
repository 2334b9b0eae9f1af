"""What a figure of LMC is, and what all of them are drawn with."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.figures import colors, marks, words
from analysis.figures.instability import below
from analysis.figures.panels import LEAST, MOST, Rows, Share, crowded, panels
from analysis.figures.scales import k_axis, moved
from analysis.figures.scales import threshold as threshold
from analysis.figures.style import (
    FACELESS,
    GROUND,
    INK,
    ON_TRAIN,
    area,
    iteration,
    scaled,
    shifts,
)
from analysis.formats import weights
from analysis.strategies import CONTROLS, IMP, strategy
from analysis.study import Study

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

MANY, MARKED = 12, 5
"""Points of a curve of which all are marked; of more, about `MARKED`."""

DASHED = (0, (1.2, 1.2))
SOLID = "-"

SPARSE = (IMP, *CONTROLS)
"""Strategies of a sparse subnetwork, in the paper's order."""


@dataclass(frozen=True, kw_only=True)
class PaperFigure:
    """A figure of the paper: what it needs, how it is drawn, and its words."""

    name: str
    """`fig4`."""
    source: str
    """`LMC Figure 4`."""
    title: str
    needs: Callable[[Study], bool]
    """Whether a sweep has what is shown."""
    draw: Callable[[Sequence[Study]], Figure]
    """Of sweeps that have it; under `style.styled`."""
    caption: str
    alt: str
    beyond: bool = True
    """Whether it shows more than the report's own figures of instability, accuracy and paths."""


@dataclass(frozen=True)
class Curve:
    """A line of a panel: means with deviations at some x."""

    x: Sequence[float]
    mean: Sequence[float]
    std: Sequence[float]
    """NaN where there is none: no shade."""
    color: Any
    label: str
    style: Any = SOLID
    marker: str = "o"
    filled: Sequence[bool] | None = None
    """Whether each marker is filled; None: all are."""
    n: Sequence[int] | None = None
    """How many samples, or inits, each mean and deviation is over; None: no means."""
    ticks: Sequence[str] | None = None
    """What stands at each x in the table of numbers; None: x itself."""
    says: Sequence[str] | None = None
    """The numbers in the table; None: mean ± deviation."""
    shaded: bool = True
    name: str = ""
    """In the table of numbers, where `label` names several lines."""
    place: int = 0
    """Among the lines of a panel: long ones have their marks at places of their own."""

    @classmethod
    def of(cls, frame: pd.DataFrame, x: str, column: str, look: Curve, n: str = "n") -> Curve:
        """The columns `column`, `column_std` and `n` of a frame, drawn like another curve."""
        return cls(
            x=list(frame[x]),
            mean=list(frame[column]),
            std=list(frame[f"{column}_std"]),
            color=look.color,
            label=look.label,
            style=look.style,
            marker=look.marker,
            n=list(frame[n]),
            name=look.name,
            place=look.place,
        )


class Sheet(Figure):
    """A figure that knows the curves of its panels, so that their numbers can be given.

    `tables` has the numbers by caption where curves do not tell them.
    """

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options)
        self.curves: list[tuple[Axes, Curve]] = []
        self.tables: dict[str, pd.DataFrame] = {}


def look(name: str, label: str | None = None, style: Any = SOLID) -> Curve:
    """How a strategy is drawn: a curve without points."""
    one = strategy(name)
    return Curve([], [], [], one.color, label or one.label, style, one.marker)


def on_train(curve: Curve) -> Curve:
    """The same of the train set: dashed, with a marker of its own, and no shade."""
    name = f"{curve.name or curve.label}, train set"
    return replace(curve, style=DASHED, marker=ON_TRAIN, shaded=False, filled=None, name=name)


def grid(
    rows: int,
    columns: int,
    *,
    height: float = 1.9,
    least: float = LEAST,
    most: int = MOST,
    share: Share = "rows",
) -> tuple[Figure, Rows]:
    """A figure and its axes [row][column]: a row shares y, each column has its own x."""
    options: Any = {"least": least, "most": most, "share": share, "kind": Sheet}
    return panels(rows, columns, height=height, **options)


def ticks_of(curves: Iterable[Curve]) -> list[float]:
    """The x of some curves, ascending, each once."""
    return sorted({x for curve in curves for x in curve.x})


def against_k(panel: Axes, curves: Sequence[Curve], ticks: Sequence[float]) -> None:
    """Draw curves over rewind points, whose axis is logarithmic but for the way from 0 on.

    It has the rewind points of all panels that share it.
    """
    sheet: Any = panel.figure
    beside = panel.get_shared_x_axes().get_siblings(panel)
    known = {x for other, curve in sheet.curves if other in beside for x in curve.x}
    k_axis(panel, [int(k) for k in {*ticks, *known}])
    side_by_side(panel, curves)


def side_by_side(panel: Axes, curves: Sequence[Curve]) -> None:
    """Draw curves moved apart a little along x: some coincide."""
    for curve, shift in zip(curves, shifts(len(curves)), strict=True):
        draw_curve(panel, curve, shift)


def draw_curve(panel: Axes, curve: Curve, shift: float = 0.0) -> None:
    """Draw a curve with its standard deviation as a shade, so many points to the right."""
    if isinstance(panel.figure, Sheet):
        panel.figure.curves.append((panel, curve))
    x, mean = np.asarray(curve.x, float), np.asarray(curve.mean, float)
    std = np.nan_to_num(np.asarray(curve.std, float))
    at: dict[str, Any] = {"transform": moved(panel, shift)}
    size = crowded(panel, min(len(x), MANY))
    width = scaled(1.3) * max(size, 0.75)
    for end in (mean - std, mean + std) if curve.shaded else (mean,):
        # What is moved does not tell an axis how far it reaches.
        panel.update_datalim(np.column_stack([x, end])[np.isfinite(end)])
    panel.autoscale_view()
    panel.plot(x, mean, color=curve.color, ls=curve.style, lw=width, zorder=3, **at)
    if curve.shaded and std.any():
        panel.fill_between(x, mean - std, mean + std, zorder=2, **marks.band(curve.color), **at)
    if not curve.marker:
        return
    marked = range(len(x)) if len(x) <= MANY else _some(len(x), curve.place)
    filled = curve.filled or [True] * len(x)
    look: dict[str, Any] = {"s": area(4.2 * size), "marker": curve.marker, "zorder": 4, **at}
    if curve.marker in FACELESS:
        look |= {"color": curve.color, "lw": scaled(1.1)}
    else:
        faces = [curve.color if filled[i] else GROUND for i in marked]
        look |= {"edgecolors": curve.color, "facecolors": faces, "lw": scaled(1)}
    panel.scatter(x[list(marked)], mean[list(marked)], **look)


def _some(points: int, place: int) -> range:
    """Which points of a long curve are marked: curves of other places have others."""
    step = max((points - 1) // MARKED, 1)
    return range(place * 2 % step, points, step)


def of_k(ks: Iterable[int]) -> Mapping[int, Curve]:
    """How the line of each rewind point is drawn: a curve without points."""
    every = sorted({int(k) for k in ks})
    color, marker = colors.along(every), colors.markers(every)
    return {
        k: Curve([], [], [], color[k], f"k = {iteration(k)}", marker=marker[k], place=i)
        for i, k in enumerate(every)
    }


def at_iteration(panel: Axes, k: float, ticks: Sequence[float]) -> None:
    """Draw an upright line at an iteration between ticks: what the paper says."""
    if not ticks or not ticks[0] <= k <= ticks[-1]:
        return
    panel.axvline(k, color=INK, lw=scaled(0.9), ls=":", zorder=1)


def legend(drawn: Figure, curves: Iterable[Curve], extra: Sequence[Artist] = ()) -> None:
    """A legend with each label once."""
    handles: dict[str, Artist] = {}
    for curve in curves:
        handles.setdefault(
            curve.label,
            Line2D(
                *([], []),
                color=curve.color,
                ls=curve.style,
                marker=curve.marker or None,
                ms=scaled(4),
                label=curve.label,
            ),
        )
    words.legend(drawn, [*handles.values(), *extra])


PAPER = Line2D([], [], color=INK, lw=0.9, ls=":", label="paper: stable from")


def stable_below(studies: Sequence[Study]) -> Line2D:
    """The legend's entry of the threshold."""
    return below(studies[0].stable_below)


def dashed_train() -> Line2D:
    """The legend's entry of what is measured on the train set."""
    look: dict[str, Any] = {"ls": DASHED, "marker": ON_TRAIN, "ms": scaled(4)}
    return Line2D([], [], color=INK, label="train set", **look)


def titled(panel: Axes, study: Study, level: int | None = None) -> None:
    """Put a sweep's name over a panel, and which share of weights is left."""
    left = "" if level is None else f"\n{weights(study.left(level))} % left"
    words.title(panel, f"{study.name}{left}")


def from_zero(panel: Axes) -> None:
    """Let an axis begin a little below 0, so that a line at 0 is seen whole."""
    top = panel.get_ylim()[1]
    if math.isfinite(top) and top > 0:
        panel.set_ylim(-0.03 * top, top)
