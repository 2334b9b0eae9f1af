"""Words of a figure that fit where they stand: broken into lines, side by side, or left out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from matplotlib.axis import YAxis
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from matplotlib.ticker import FixedLocator, Formatter, NullLocator

from analysis.figures.style import current

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

LINES = 3
"""Of a title, at most."""

HANDLE = 3.2
"""Room that a legend's mark takes with the space around it, in times the height of its text."""


def width_of(text: str, size: float) -> float:
    """Return how wide a line of text is, in points."""
    return _per_point(text) * size


@cache
def _per_point(text: str) -> float:
    font = FontProperties(family="DejaVu Sans", size=100)  # as `style.Style.rc` has it
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width) / 100


def wrapped(text: str, inches: float, size: float, lines: int = LINES) -> str:
    """Break text into lines that are no wider; what does not fit into `lines` becomes "…".

    Lines break at spaces, and after signs that join the parts of names.
    """
    room = 72 * inches
    text = text.replace(" % ", "\N{NO-BREAK SPACE}%\N{NO-BREAK SPACE}")  # a number and its unit
    found: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for part in re.findall(r"[^ _\-=/:,]*[_\-=/:,]? *", paragraph):
            while line and width_of((line + part).rstrip(), size) > room:
                found.append(line.rstrip())
                line = ""
            line += part
            while width_of(line.rstrip(), size) > room and len(line) > 1:  # a word that is too wide
                fits = max(
                    n for n in range(1, len(line)) if n == 1 or width_of(line[:n], size) <= room
                )
                found.append(line[:fits])
                line = line[fits:]
        found.append(line.rstrip())
    if len(found) > lines:
        found = [*found[: lines - 1], _shortened(found[lines - 1] + "…", room, size)]
    return "\n".join(found)


def _shortened(line: str, room: float, size: float) -> str:
    while width_of(line, size) > room and len(line) > 2:
        line = line[:-2] + "…"
    return line


def whole(text: str) -> str:
    """Return a text without the breaks that `wrapped` put into it."""
    return " ".join(re.sub(r"(?<=[_\-=/])\n", "", text).split())


def title(panel: Axes, text: str) -> None:
    """Put a title over a panel, in lines that are no wider than it is."""
    panel.set_title(wrapped(text, _room(panel), current().text))


def name_y(row: Sequence[Axes], text: str) -> None:
    """Name the upright axis of a row of panels, in lines no longer than a panel is high."""
    for panel in row:
        spec = panel.get_subplotspec()
        if spec is not None and spec.is_first_col():
            high = panel.get_figure(root=True).get_figheight() / spec.get_gridspec().nrows  # type: ignore[union-attr]
            panel.set_ylabel(wrapped(text, high - 2 * current().text / 72, current().text))


def name_x(panel: Axes, text: str) -> None:
    """Name the lying axis of a panel, in lines that are no wider than it is."""
    panel.set_xlabel(wrapped(text, _room(panel), current().text))


def _room(panel: Axes) -> float:
    """About how wide a panel is, in inches, without what stands left of it."""
    spec = panel.get_subplotspec()
    columns = 1 if spec is None else spec.get_gridspec().ncols
    text = current().text / 72
    own = panel.yaxis.get_tick_params().get("labelleft", True)
    apart = 3.2 * text if own and columns > 1 else 1.2 * text
    return (panel.get_figure(root=True).get_figwidth() - 5 * text) / columns - apart  # type: ignore[union-attr]


def legend(figure: Figure, handles: Sequence[Any], labels: Sequence[str] = (), **more: Any) -> None:
    """Put a legend above a figure, in as many columns as fit; the figure grows by its lines."""
    labels = list(labels) or [str(one.get_label()) for one in handles]
    if not labels:
        return
    size, room = current().small, 72 * figure.get_figwidth() * 0.97
    columns = next(
        n for n in range(len(labels), 0, -1) if n == 1 or _width(labels, n, size) <= room
    )
    lines = -(-len(labels) // columns)
    figure.set_figheight(figure.get_figheight() + (lines * 1.35 + 0.6) * size / 72)
    fitting = [wrapped(one, room / 72 - HANDLE * size / 72, size, 2) for one in labels]
    figure.legend(handles, fitting, loc="outside upper center", ncols=columns, **more)


def _width(labels: Sequence[str], columns: int, size: float) -> float:
    """How wide a legend of so many columns is, in points: it is filled column by column."""
    lines = -(-len(labels) // columns)
    parts = [labels[start : start + lines] for start in range(0, len(labels), lines)]
    if len(parts) < columns:  # matplotlib spreads what is over
        widest = max(width_of(one, size) for one in labels)
        return columns * (widest + HANDLE * size) + (columns - 1) * 1.4 * size
    widths = [max(width_of(one, size) for one in part) + HANDLE * size for part in parts]
    return sum(widths) + (columns - 1) * 1.4 * size


def note(figure: Figure, *sentences: str) -> None:
    """Say at the foot of a figure what its panels leave open; empty sentences say nothing."""
    text = " ".join(one for one in sentences if one)
    if text:
        size = current().small
        lines = wrapped(text, figure.get_figwidth() - 0.1, size, 6)
        figure.set_figheight(figure.get_figheight() + 1.3 * (lines.count("\n") + 1) * size / 72)
        figure.supxlabel(lines, fontsize=size)


def ticks(axis: Axis, labels: Mapping[float, str], first: Sequence[float] = ()) -> None:
    """Put ticks at places of an axis; of labels that would overlap, some are left out.

    Those of `first` stay before others. An upright axis has no tick where it has no label: its
    ticks have lines across the panel.
    """
    locator = Labelled if isinstance(axis, YAxis) else FixedLocator
    axis.set_major_locator(locator(list(labels)))
    axis.set_major_formatter(Thinned(labels, first))
    axis.set_minor_locator(NullLocator())


class Labelled(FixedLocator):
    """Those of some places whose label an axis shows."""

    def __call__(self) -> Any:
        """Return the places of ticks."""
        places = super().__call__()
        formatter: Any = self.axis.get_major_formatter()  # type: ignore[union-attr]
        if not isinstance(formatter, Thinned):
            return places
        texts = formatter.format_ticks(places)
        return [one for one, text in zip(places, texts, strict=True) if text]


class Thinned(Formatter):
    """Labels of ticks; which of them fit is decided when the axis is drawn."""

    def __init__(self, labels: Mapping[float, str], first: Sequence[float] = ()):
        self._labels = {float(place): text for place, text in labels.items()}
        self._first = [float(one) for one in first]
        self._size = current().small

    def __call__(self, value: float, pos: int | None = None) -> str:
        """Return the label at a value."""
        return self._labels.get(float(value), "")

    def format_ticks(self, values: Any) -> list[str]:
        """Return a label for each value: empty where another one is in the way."""
        low, high = sorted(self.axis.get_view_interval())  # type: ignore[union-attr]
        inside = [float(one) for one in values if low <= one <= high]
        order = [one for one in self._first if one in inside]
        order += [one for one in inside if one not in order]
        taken: dict[float, tuple[float, float]] = {}
        for value in order:
            begin, end = self._extent(value)
            if all(end <= other[0] or begin >= other[1] for other in taken.values()):
                taken[value] = begin, end
        return [self(one) if float(one) in taken else "" for one in values]

    def _extent(self, value: float) -> tuple[float, float]:
        """Where the label at a value begins and ends along its axis, in points."""
        panel: Any = self.axis.axes  # type: ignore[union-attr]
        lying = self.axis.axis_name == "x"  # type: ignore[union-attr]
        corner = (panel.get_xlim()[0], panel.get_ylim()[0])
        point = (value, corner[1]) if lying else (corner[0], value)
        x, y = panel.transData.transform(point) * 72 / panel.get_figure(root=True).dpi
        half = (
            width_of(self(value), self._size) / 2 + 0.35 * self._size if lying else 0.6 * self._size
        )
        return ((x if lying else y) - half, (x if lying else y) + half)
