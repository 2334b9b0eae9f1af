"""What a figure of LMC is, and what all of them are drawn with."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

from analysis.figures.style import FACELESS, FAINT, INK, ON_TRAIN, iteration, shifts
from analysis.formats import weights
from analysis.strategies import CONTROLS, IMP, strategy
from analysis.study import Study

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

LETTERS_PER_INCH = 13
"""Of a legend."""

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
    """Of sweeps that have it; under the style `style.RC`."""
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


def grid(rows: int, columns: int, *, width: float = 2.5, height: float = 1.9) -> Any:
    """A figure and its axes [rows][columns]: a row shares y, each column has its own x."""
    size = (max(columns * width, 6.2), rows * height + 0.7)
    drawn = Sheet(size, layout=ConstrainedLayoutEngine(h_pad=0.06))
    return drawn, drawn.subplots(rows, columns, sharex="col", sharey="row", squeeze=False)


def ticks_of(curves: Iterable[Curve]) -> list[float]:
    """The x of some curves, ascending, each once."""
    return sorted({x for curve in curves for x in curve.x})


def against_k(panel: Axes, curves: Sequence[Curve], ticks: Sequence[float]) -> None:
    """Draw curves over rewind points, which stand at equal distances as in the paper."""
    place = {k: i for i, k in enumerate(ticks)}
    side_by_side(panel, curves, [[place[k] for k in curve.x] for curve in curves])
    panel.set_xticks(range(len(ticks)), [iteration(int(k)) for k in ticks])
    panel.set_xlim(-0.35, len(ticks) - 0.65)


def side_by_side(panel: Axes, curves: Sequence[Curve], x: Sequence[Sequence[float]]) -> None:
    """Draw curves at the places `x` of ticks, moved apart a little: some coincide."""
    for curve, places, shift in zip(curves, x, shifts(len(curves)), strict=True):
        draw_curve(panel, curve, [place + shift for place in places])


def draw_curve(panel: Axes, curve: Curve, x: Sequence[float]) -> None:
    """Draw a curve with its standard deviation as a shade."""
    if isinstance(panel.figure, Sheet):
        panel.figure.curves.append((panel, curve))
    mean, std = np.asarray(curve.mean, float), np.nan_to_num(np.asarray(curve.std, float))
    panel.plot(x, mean, color=curve.color, ls=curve.style, lw=1.4, zorder=3)
    if curve.shaded and std.any():
        panel.fill_between(x, mean - std, mean + std, color=curve.color, alpha=0.18, lw=0, zorder=2)
    filled = curve.filled or [True] * len(x)
    faces = [curve.color if one else "white" for one in filled]
    if curve.marker in FACELESS:
        panel.scatter(x, mean, s=22, marker=curve.marker, color=curve.color, lw=1.1, zorder=4)
    elif curve.marker:
        panel.scatter(
            x, mean, s=18, marker=curve.marker, facecolors=faces, edgecolors=curve.color, zorder=4
        )


def threshold(panel: Axes, height: float) -> None:
    """Draw a level line, dashed."""
    panel.axhline(height, color=INK, lw=0.9, ls=(0, (4, 3)), zorder=1)


def at_iteration(panel: Axes, k: float, ticks: Sequence[float]) -> None:
    """Draw an upright line at an iteration between ticks: what the paper says."""
    if not ticks or not ticks[0] <= k <= ticks[-1]:
        return
    x = float(np.interp(k, ticks, range(len(ticks))))
    panel.axvline(x, color="black", lw=0.9, ls=":", zorder=1)


def legend(drawn: Figure, curves: Iterable[Curve], extra: Sequence[Line2D] = ()) -> None:
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
                ms=4,
                label=curve.label,
            ),
        )
    entries = [*handles.values(), *extra]
    widest = max((len(str(one.get_label())) for one in entries), default=1)
    fitting = int(drawn.get_figwidth() * LETTERS_PER_INCH // (widest + 6))
    drawn.legend(handles=entries, loc="outside upper center", ncols=max(1, min(fitting, 6)))


PAPER = Line2D([], [], color="black", lw=0.9, ls=":", label="paper: stable from")


def stable_below(studies: Sequence[Study]) -> Line2D:
    """The legend's entry of the threshold."""
    percent = studies[0].stable_below
    label = f"stable below {percent:g} %"
    return Line2D([], [], color=INK, lw=0.9, ls=(0, (4, 3)), label=label)


def titled(panel: Axes, study: Study, level: int | None = None) -> None:
    """Put a sweep's name over a panel, and which share of weights is left."""
    left = "" if level is None else f"\n{weights(study.left(level))} % of weights left"
    panel.set_title(f"{study.name}{left}")


def from_zero(panel: Axes) -> None:
    """Let an axis begin a little below 0, so that a line at 0 is seen whole."""
    top = panel.get_ylim()[1]
    if math.isfinite(top) and top > 0:
        panel.set_ylim(-0.03 * top, top)


__all__ = [
    "DASHED",
    "FAINT",
    "PAPER",
    "SPARSE",
    "Curve",
    "PaperFigure",
    "against_k",
    "at_iteration",
    "draw_curve",
    "from_zero",
    "grid",
    "legend",
    "look",
    "on_train",
    "side_by_side",
    "stable_below",
    "threshold",
    "ticks_of",
    "titled",
]
