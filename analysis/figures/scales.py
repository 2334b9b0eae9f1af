"""Axes that figures share: rewind points, instability, error, accuracy."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import ScaledTranslation

from analysis.figures.panels import breadth
from analysis.figures.style import INK, THRESHOLD, iteration, scaled, shifts
from analysis.figures.words import ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.transforms import Transform

K = "k on a symmetric logarithmic axis, linear from 0 to the first k after it"
"""What a caption says of the axis of `k_axis`."""

WIDE = 15.0
"""Percentage points of accuracy that a linear axis shows; of more it is logarithmic."""

APART = 0.7
"""The share of the way from a place to the next that the marks of one place may take."""

REACH = 6.0
"""From the middle of a mark to where it ends, with what stands beside it, in points."""

PAD = 0.06
"""Room beyond the data at either end of an axis, as a share of its length."""


def k_axis(panel: Axes, ks: Iterable[int], *, upright: bool = False) -> None:
    """Let an axis have rewind points: symmetrically logarithmic, linear up to the first above 0.

    There is a tick at every k that was measured. Where labels would overlap some are left out (with
    their ticks, if the axis is upright), but the first and the last stay.
    """
    points = sorted({int(k) for k in ks}) or [0]
    first = next((k for k in points if k > 0), 1)
    decades = math.log10(max(points[-1], first) / first)
    room = min(max(0.4 * decades, 0.35), 1.0)
    axis: Axis = panel.yaxis if upright else panel.xaxis
    _scale(panel, upright, "symlog", linthresh=first, linscale=room)
    ticks(axis, {k: iteration(k) for k in points}, (points[0], points[-1]))
    _limits(panel, upright, points[0], points[-1], PAD)


def iteration_axis(panel: Axes) -> None:
    """Let an axis have iterations of training: linear, with few ticks."""
    panel.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda at, _: iteration(round(at))))


def moved(panel: Axes, points: float) -> Transform:
    """Return the transform of data that are drawn so many points to the right of their place."""
    figure: Any = panel.get_figure(root=True)
    return panel.transData + ScaledTranslation(points / 72, 0, figure.dpi_scale_trans)


def dodges(panel: Axes, lines: int, places: Iterable[float], margin: float = 0.0) -> list[float]:
    """Return how far each of so many lines is moved along x, in points: the same at every place.

    As far as the marks of neighbouring places leave room. The axis has its scale and its ends
    already; these are moved outwards where marks would reach them. `margin` is the room, in
    points, that something else needs beside the marks.
    """
    transform = panel.xaxis.get_transform()
    at = np.unique(transform.transform(np.array([*places], float)))
    begin, end = transform.transform(np.array(panel.get_xlim(), float))
    room = wide = breadth(panel)
    if len(at) > 1:
        room = APART * float(np.diff(at).min()) * wide / (end - begin) - margin
    moves = shifts(lines, room)
    needed = moves[-1] + scaled(REACH) + margin
    beyond = needed / max(wide - 2 * needed, needed) * (float(np.ptp(at)) or 1.0)
    ends = np.array([min(begin, at[0] - beyond), max(end, at[-1] + beyond)])
    panel.set_xlim(*transform.inverted().transform(ends))
    return moves


def instability_axis(panel: Axes, stable_below: float, highest: float) -> None:
    """Let the upright axis have instability (%): linear up to the threshold, logarithmic above.

    The threshold is drawn, and has a tick.
    """
    border = stable_below if stable_below > 0 else 1.0
    top = max(highest, 2 * border)
    _scale(panel, True, "symlog", linthresh=border, linscale=0.9)
    places = [0.0, border / 4, border / 2, border]
    places += [one for one in _series(border, top) if one > 1.3 * border]
    ticks(panel.yaxis, {one: f"{one:g}" for one in places}, (border, 0.0, *_decades(places)))
    _limits(panel, True, 0.0, top, PAD)
    threshold(panel, stable_below)


def threshold(panel: Axes, height: float) -> None:
    """Draw the line below which networks are stable, dashed."""
    panel.axhline(height, color=INK, lw=scaled(0.9), ls=THRESHOLD, zorder=1)


def error_axis(panel: Axes, lowest: float, highest: float) -> None:
    """Let the upright axis have errors (%): logarithmic, but about linear below 1 %."""
    _scale(panel, True, "asinh", linear_width=1.0)
    low, high = max(lowest, 0.0), max(highest, lowest + 0.5)
    places = _between(low, high, [0.0, 0.5, *_series(1.0, 100.0)])
    ticks(panel.yaxis, {one: f"{one:g}" for one in places}, (0.0, *_decades(places)))
    _limits(panel, True, low, high, PAD)


def spread_out(accuracies: Iterable[float]) -> bool:
    """Whether accuracies differ by so much that their axis is logarithmic in the error."""
    known = [one for one in accuracies if not math.isnan(one)]
    return bool(known) and max(known) - min(known) > WIDE


def accuracy_axis(panel: Axes, accuracies: Iterable[float]) -> None:
    """Let the upright axis have accuracies (%): linear, or logarithmic in the error 100 - y.

    The latter where they differ much, so that those near the best are told apart.
    """
    known = [float(one) for one in accuracies if not math.isnan(one)] or [0.0, 100.0]
    low, high = min(known), max(known)
    if not spread_out(known):
        apart = max(high - low, 0.5)
        panel.set_ylim(low - 2 * PAD * apart, high + 2 * PAD * apart)
        return
    _scale(panel, True, "function", functions=(_of_accuracy, _to_accuracy))
    places = _between(low, high, [100.0 - one for one in (0.0, 0.5, *_series(1.0, 100.0))])
    ticks(panel.yaxis, {one: f"{one:g}" for one in places}, places[:1])
    _limits(panel, True, low, high, PAD)


def _of_accuracy(accuracy: Any) -> Any:
    return -np.arcsinh(100.0 - np.asarray(accuracy, float))


def _to_accuracy(place: Any) -> Any:
    return 100.0 - np.sinh(-np.asarray(place, float))


def _scale(panel: Axes, upright: bool, name: str, **options: Any) -> None:
    (panel.set_yscale if upright else panel.set_xscale)(name, **options)


def _limits(panel: Axes, upright: bool, low: float, high: float, pad: float) -> None:
    """Set the ends of an axis, with room beyond that is as wide on any scale."""
    axis: Any = panel.yaxis if upright else panel.xaxis
    transform = axis.get_transform()
    begin, end = (float(one) for one in transform.transform(np.array([low, high], float)))
    apart = (end - begin) or 1.0
    places = np.array([begin - pad * apart, end + pad * apart])
    ends = [float(one) for one in transform.inverted().transform(places)]
    (panel.set_ylim if upright else panel.set_xlim)(*ends)


def _series(low: float, high: float) -> list[float]:
    """1, 2, 5, 10, 20, ... from `low` to `high`."""
    begin, end = math.floor(math.log10(low)), math.ceil(math.log10(max(high, low)))
    every = [m * 10.0**power for power in range(begin, end + 1) for m in (1, 2, 5)]
    return [one for one in every if low <= one <= high]


def _decades(places: Iterable[float]) -> list[float]:
    return [one for one in places if one > 0 and math.log10(one).is_integer()]


def _between(low: float, high: float, places: Iterable[float]) -> list[float]:
    """Those of some places that lie on an axis, from its end on; evenly spaced ones if few do."""
    found = [one for one in places if low <= one <= high]
    if len(found) >= 3:
        return found
    return [float(one) for one in MaxNLocator(4).tick_values(low, high) if low <= one <= high]
