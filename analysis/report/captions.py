"""Parts of captions that follow from what a figure shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.path import has_deviations
from analysis.figures.rewind import has_intervals, singly
from analysis.formats import listed
from analysis.records import LEVEL, STRATEGY
from analysis.strategies import DENSE

if TYPE_CHECKING:
    import pandas as pd


def means(cells: pd.DataFrame, samples: pd.DataFrame) -> str:
    """Return what is drawn of a cell's samples."""
    parts = ["mean"]
    if has_intervals(cells, "instability_test"):
        parts.append("95 % interval over inits (bars)")
    if singly(samples):
        parts.append("single samples (dots)")
    return listed(parts)


def beside(cells: pd.DataFrame) -> str:
    """Return sentences on what stands in a panel of several strategies; else nothing."""
    names = set(cells[STRATEGY])
    says = "At each k strategies stand side by side, in the legend's order. "
    if len(names) < 2:
        return ""
    if DENSE not in names:
        return says
    panels = cells.loc[cells[STRATEGY] != DENSE, LEVEL].nunique()
    where = "every panel" if panels > 1 else "the same panel"
    return f"{says}The dense networks have all weights, and stand in {where} for comparison. "


def bands(trials: pd.DataFrame) -> str:
    """Return what a band along the path is; empty where there is none."""
    if not has_deviations(trials):
        return ""
    return " and standard deviation (band, from 0 on where it would reach below)"
