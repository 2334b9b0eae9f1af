"""Marks that figures share: single samples, intervals, bands, and bars that an axis cuts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.lines import Line2D
from matplotlib.markers import CARETDOWN, CARETUP
from matplotlib.patches import Patch
from matplotlib.transforms import blended_transform_factory

from analysis.figures.scales import moved
from analysis.figures.style import GROUND, INK, scaled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.typing import ColorType

BAR = 0.75
"""Opacity of intervals: of few inits they are so long that they would hide the means."""

SAMPLE, SEEN = 3.4, 0.75
"""Diameter in points, and opacity, of a single sample: it is seen on a dark ground, too."""

ASIDE = 0.42
"""From a mean to its single samples, as a share of the way to the mean that stands beside it."""

ALONE = 4.5
"""From a mean to its single samples, in points, where no other mean stands beside it."""

SHADE, BORDER = 0.2, 0.65
"""Opacity of a band and of its edge; the edge is what is seen on a dark ground."""

ARROW = 5.0
"""Size of the mark where an axis cuts a bar, in points."""


def sample(color: ColorType) -> dict[str, Any]:
    """Return what `plot` takes for single samples; a rim of the ground tells them apart."""
    return {
        "ls": "",
        "marker": "o",
        "ms": scaled(SAMPLE),
        "color": color,
        "mec": GROUND,
        "mew": scaled(0.4),
        "alpha": SEEN,
    }


def aside(apart: float) -> float:
    """Return how far right of their mean single samples stand, in points.

    `apart` is the way to the next mean at the same place; 0 where there is none.
    """
    return ASIDE * apart if apart else scaled(ALONE)


def bar(color: ColorType, size: float = 1.0) -> dict[str, Any]:
    """Return what `errorbar` takes for intervals; `size` is that of `panels.crowded`."""
    return {
        "ecolor": to_rgba(color, BAR),
        "elinewidth": scaled(1.1 * size),
        "capsize": scaled(2.2 * size),
        "capthick": scaled(1.1 * size),
    }


def band(color: ColorType) -> dict[str, Any]:
    """Return what draws an area of a deviation, or of a bracket."""
    return {
        "facecolor": to_rgba(color, SHADE),
        "edgecolor": to_rgba(color, BORDER),
        "lw": scaled(0.6),
    }


def sample_entry(label: str) -> Line2D:
    """Return the legend's entry of single samples."""
    return Line2D([], [], label=label, **sample(INK))


def bar_entry() -> Line2D:
    """Return the legend's entry of intervals."""
    return Line2D([], [], ls="", marker="|", color=INK, ms=scaled(9), label="95 % interval")


def band_entry(label: str, color: ColorType = INK) -> Patch:
    """Return the legend's entry of a band."""
    return Patch(label=label, **band(color))


def cut(panel: Axes, x: Any, low: Any, high: Any, color: ColorType, shift: float = 0.0) -> bool:
    """Mark the bars that go on beyond an end of the upright axis; return whether there are any.

    The axis has its final ends already. The marks point outwards, and stand where the bars do:
    `shift` points to the right of x.
    """
    x, low, high = (np.asarray(one, float) for one in (x, low, high))
    bottom, top = sorted(panel.get_ylim())
    at = blended_transform_factory(moved(panel, shift), panel.transAxes)
    found = False
    for beyond, marker, end in ((low < bottom, CARETDOWN, 0.0), (high > top, CARETUP, 1.0)):
        if beyond.any():
            found = True
            panel.plot(
                *(x[beyond], np.full(beyond.sum(), end)),
                ls="",
                marker=marker,
                color=color,
                ms=scaled(ARROW),
                transform=at,
                clip_on=False,
                zorder=5,
            )
    return found


def cut_entry() -> Line2D:
    """Return the legend's entry of a cut bar."""
    look: dict[str, Any] = {"marker": CARETUP, "color": INK, "ms": scaled(ARROW)}
    return Line2D([], [], ls="", label="interval goes on", **look)
