"""The report's figures that are laid out as the papers'."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from analysis.figures.papers import FIGURES, find
from analysis.figures.style import in_style
from analysis.report.plot import Plot

if TYPE_CHECKING:
    from analysis.figures.lmc.figure import PaperFigure
    from analysis.study import Study


def plots(studies: Sequence[Study], names: Sequence[str] | None = None) -> Iterator[Plot]:
    """Yield figures of some sweeps, side by side, by their names.

    Without names: those that show more than the report's own figures. Sweeps that lack what a
    figure shows are left out of it, and a figure without sweeps is left out.
    """
    for name in FIGURES if names is None else names:
        figure = find(name)
        having = [study for study in studies if figure.needs(study)]
        if having and (names is not None or figure.beyond):
            yield plot(figure, having)


@in_style
def plot(figure: PaperFigure, studies: Sequence[Study]) -> Plot:
    """Return a figure of some sweeps that have what it shows."""
    return Plot(
        figure.draw(studies),
        name=figure.name,
        title=figure.title,
        caption=f"{figure.caption} Compare {figure.source}.",
        alt=figure.alt,
    )
