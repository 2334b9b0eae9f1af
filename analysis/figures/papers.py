"""The figures of both papers by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures import lmc, unmasking

if TYPE_CHECKING:
    from analysis.figures.lmc.figure import PaperFigure

FIGURES = (*lmc.FIGURES, *unmasking.FIGURES)


def find(name: str) -> PaperFigure:
    """Return a figure by its name. Raises KeyError."""
    return (unmasking if name in unmasking.FIGURES else lmc).find(name)
