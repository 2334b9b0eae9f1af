"""What all figures share: ink, sizes, and the two styles in which they are drawn.

A figure is drawn under the current style: `PAGE` unless `styled(...)` says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import matplotlib

INK = "#1F2328"
FAINT = "#D8DBDF"
GROUND = "#FFFFFF"
"""These three follow the page where a figure stands in one (see `svg.inline`)."""

ON_DARK, ON_LIGHT = "#FDFDFD", "#111315"
"""Text upon colours that are the same on any ground."""

THRESHOLD = (0, (4, 3))
"""Dashes of a line that decides a verdict."""

DODGE, ROOMY = 2.6, 10.0
"""Points between lines of a panel: marks of lines that coincide stand side by side.

At least the former, unless lines are many; where there is room, as far as the latter.
"""

ON_TRAIN = "x"
"""The marker of what is measured on the train set: it is told apart where it lies on another."""

ON_MATCHING = "+"
"""The marker of matching where stability of the same strategy is drawn too."""

FACELESS = (ON_TRAIN, ON_MATCHING)


@dataclass(frozen=True)
class Style:
    """Where figures are to stand: how wide they are there, and how large text is."""

    name: str
    width: float
    """Inches: of every figure."""
    text: float
    """Points: of titles and the names of axes."""
    small: float
    """Points: of ticks and legends."""
    height: float
    """Of panels, as a share of their height in a page."""
    tallest: float
    """Inches: of a figure, where its panels have room in that."""

    @property
    def scale(self) -> float:
        """The size of marks and lines, as a share of that in a page."""
        return self.text / 9

    @property
    def rc(self) -> dict[Any, Any]:
        """matplotlib's parameters. Keys are `Any`: its stubs list them in a type that older
        versions lack."""
        return {
            "font.family": ["sans-serif"],
            "font.sans-serif": ["DejaVu Sans"],
            "font.size": self.text,
            "axes.titlesize": self.text,
            "axes.labelsize": self.text,
            "axes.titlepad": 4 * self.scale,
            "axes.labelpad": 4.5 * self.scale,
            "xtick.labelsize": self.small,
            "ytick.labelsize": self.small,
            "legend.fontsize": self.small,
            "legend.frameon": False,
            "legend.handletextpad": 0.5,
            "legend.columnspacing": 1.4,
            "legend.borderaxespad": 0.2,
            "legend.labelspacing": 0.35,
            "figure.facecolor": GROUND,
            "figure.dpi": 100,
            "axes.facecolor": "none",
            "text.color": INK,
            "axes.labelcolor": INK,
            "axes.titlecolor": INK,
            "axes.edgecolor": INK,
            "axes.linewidth": 0.7,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.grid.axis": "y",
            "axes.axisbelow": True,
            "grid.color": FAINT,
            "grid.linewidth": 0.6,
            "xtick.color": INK,
            "ytick.color": INK,
            "xtick.major.width": 0.7,
            "ytick.major.width": 0.7,
            "xtick.major.size": 2.5 * self.scale,
            "ytick.major.size": 0,
            "xtick.major.pad": 2.5 * self.scale,
            "ytick.major.pad": 2.5 * self.scale,
            "lines.linewidth": 1.4 * self.scale,
            "lines.markersize": 4.6 * self.scale,
            "hatch.linewidth": 0.5,
            # Text stays text: small files, searchable, readable aloud; a PDF has its font in it.
            "text.parse_math": False,
            "svg.fonttype": "none",
            "svg.hashsalt": "stability-sweeps",
            "pdf.fonttype": 42,
            "savefig.dpi": 300,
        }


PAGE = Style("page", width=10.0, text=9.0, small=8.0, height=1.0, tallest=40.0)
"""The column of a report: 960 pixels, of which an inch has 96."""

PAPER = Style("paper", width=3.25, text=7.5, small=7.0, height=0.6, tallest=9.0)
"""A column of a paper in two columns, and the height of its page."""

STYLES = {one.name: one for one in (PAGE, PAPER)}

_CURRENT: ContextVar[Style] = ContextVar("style", default=PAGE)

P = ParamSpec("P")
R = TypeVar("R")


def current() -> Style:
    """Return the style under which figures are drawn now."""
    return _CURRENT.get()


@contextmanager
def styled(style: Style | None = None) -> Iterator[Style]:
    """Draw, or write, figures under a style; without one, under the current."""
    style = style or current()
    token = _CURRENT.set(style)
    try:
        with matplotlib.rc_context(style.rc):
            yield style
    finally:
        _CURRENT.reset(token)


def in_style(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate what draws a figure: it does so under the current style."""

    @wraps(function)
    def under_style(*args: P.args, **kwargs: P.kwargs) -> R:
        with styled():
            return function(*args, **kwargs)

    return under_style


def scaled(points: float) -> float:
    """Return a length that is so many points in a page, in the current style."""
    return points * current().scale


def area(points: float) -> float:
    """Return the area of a mark of such a diameter in a page, as `scatter` takes it."""
    return scaled(points) ** 2


def shifts(lines: int, room: float = 0.0) -> list[float]:
    """How far each of so many lines is moved along x, in points: `DODGE` apart around 0.

    Many lines stand closer together: the marks of one x stay one group. Where the group has
    `room`, in points, its lines stand farther apart, up to `ROOMY`.
    """
    lines = max(lines, 1)
    apart = max(scaled(min(DODGE, 10 / lines)), min(scaled(ROOMY), room / lines))
    return [(i - (lines - 1) / 2) * apart for i in range(lines)]


def iteration(k: int) -> str:
    """An iteration as the papers' axes have it: 500, 2K, 31.2K."""
    return f"{k / 1000:.4g}K" if k >= 1000 else str(k)
