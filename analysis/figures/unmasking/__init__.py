"""The figures of Unmasking by name: `u-` and the paper's name, as LMC has figures of the same.

A file here draws one figure, and those that show more of the same: each has a dict `DRAWN`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.figures.lmc.figure import PaperFigure

FIGURES = {
    "u-fig2": "connectivity",
    "u-fig3": "planes",
    "u-fig4": "adaptive",
    "u-fig5": "level_errors",
    "u-fig6": "connectivity",
    "u-fig7": "planes",
    "u-fig8": "planes",
    "u-app-d": "perturbed",
    "u-lcs": "lcs_sets",
}
"""Name -> the module here whose `DRAWN` has it."""


def find(name: str) -> PaperFigure:
    """Return a figure by its name. Raises KeyError."""
    found: PaperFigure = import_module(f"{__name__}.{FIGURES[name]}").DRAWN[name]
    return found
