"""A figure of the report with its words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from analysis.figures import svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Plot(NamedTuple):
    """A figure, and what stands around it."""

    figure: Figure
    name: str
    title: str
    caption: str
    alt: str

    @property
    def width(self) -> float:
        """Inches."""
        return self.figure.get_figwidth()

    @property
    def svg(self) -> Markup:
        # matplotlib wrote this markup; the words in it come from our code and strategies'
        # names, which it escapes.
        return Markup(svg.inline(self.figure, self.name))
