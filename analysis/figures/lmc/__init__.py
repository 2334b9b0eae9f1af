"""The figures of LMC by name: one file each, and a row of `FIGURES`.

A panel per network, as in the paper: each draws several sweeps side by side.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.figures.lmc.figure import PaperFigure

FIGURES = {
    "fig2": "dense_paths",
    "fig3": "dense_instability",
    "fig4": "restart",
    "fig5": "sparse_paths",
    "fig6": "sparse_instability",
    "fig7": "sparse_error",
    "fig8": "onsets",
    "app-b": "extreme_sparsity",
    "app-c": "rewinding",
    "app-d": "throughout",
    "app-e": "all_sparsities",
    "app-f": "train_paths",
    "app-g": "train_set",
    "app-h": "distances",
}
"""Name -> the module here whose `FIGURE` it is."""


def find(name: str) -> PaperFigure:
    """Return a figure by its name. Raises KeyError."""
    found: PaperFigure = import_module(f"{__name__}.{FIGURES[name]}").FIGURE
    return found
