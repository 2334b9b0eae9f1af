"""A figure of the report with its words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup

from analysis.figures import svg

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


class Plot(NamedTuple):
    """A figure, and what stands around it."""

    figure: Figure
    name: str
    title: str
    caption: str
    alt: str
    place: Mapping[str, Any] = {}
    """What it is about, as `evidence.Place`; empty: all trials."""
    data: pd.DataFrame | None = None
    """The numbers that it draws."""

    @property
    def kind(self) -> str:
        """Its name without the number that tells recipes apart."""
        return re.sub(r"-\d+$", "", self.name)

    @property
    def width(self) -> float:
        """Inches."""
        return self.figure.get_figwidth()

    @property
    def svg(self) -> Markup:
        # matplotlib wrote this markup; the words in it come from our code and strategies'
        # names, which it escapes.
        return Markup(svg.inline(self.figure, self.name))
