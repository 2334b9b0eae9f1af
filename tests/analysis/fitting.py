"""Whether the words of a figure fit: measured with matplotlib's renderer."""

from itertools import combinations

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

ROUNDING = 0.75
"""Pixels, of 100 per inch."""


def shown(figure):
    """Draw a figure; return the texts that are seen, and where: (words, box in pixels)."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    hidden = {
        id(text)
        for panel in figure.axes
        for axis in (panel.xaxis, panel.yaxis)
        for tick in axis.get_major_ticks()
        for text in (tick.label1, tick.label2)
        if not low_to_high(axis.get_view_interval(), tick.get_loc())
    }
    return [
        (text.get_text(), text.get_window_extent(renderer))
        for text in figure.findobj(Text)
        if text.get_text() and text.get_visible() and id(text) not in hidden and seen(text)
    ]


def low_to_high(view, place):
    low, high = sorted(view)
    return low - 1e-9 <= place <= high + 1e-9


def seen(text):
    """Whether nothing that holds a text is invisible."""
    axes = text.axes
    return axes is None or (axes.get_visible() and axes.figure is not None)


def overlapping(figure):
    """Return the pairs of texts that lie on each other."""
    every = shown(figure)
    return [
        (first, second)
        for (first, one), (second, two) in combinations(every, 2)
        if min(one.x1, two.x1) - max(one.x0, two.x0) > ROUNDING
        and min(one.y1, two.y1) - max(one.y0, two.y0) > ROUNDING
    ]


def outside(figure):
    """Return the texts that are cut by the figure's edge."""
    page = figure.bbox
    return [
        words
        for words, box in shown(figure)
        if box.x0 < page.x0 - ROUNDING
        or box.x1 > page.x1 + ROUNDING
        or box.y0 < page.y0 - ROUNDING
        or box.y1 > page.y1 + ROUNDING
    ]
