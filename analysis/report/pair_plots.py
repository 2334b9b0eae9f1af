"""The report's figures of networks from files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from analysis.figures import pairs, path
from analysis.records import RECIPE
from analysis.report.plot import Plot

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 12
"""Pairs whose paths are drawn: those of the highest instability."""


def plots(found: pd.DataFrame, curves: pd.DataFrame) -> Iterator[Plot]:
    """Yield the figures of `pairs.pairs` and their path curves, for each recipe."""
    several = found[RECIPE].nunique() > 1
    for number, (recipe, own) in enumerate(found.groupby(RECIPE, sort=False), 1):
        title, name = (f": {recipe}", f"-{number}") if several else ("", "")
        known = own[own["counts"]]
        if len(known) > 1:
            yield Plot(
                pairs.figure(known),
                name=f"pairs{name}",
                place={RECIPE: recipe},
                title=f"Instability of every pair{title}",
                caption="Test instability between the networks of every two files: how far the "
                "error rises on the straight line between their weights.",
                alt="Matrix of test instability, a row and a column per network. The numbers are "
                "in the table of pairs.",
            )
        highest = known.sort_values("instability_test", ascending=False).head(SHOWN)
        along = curves[curves["trial"].isin(highest["trial"])]
        if len(along):
            of = "" if len(highest) == len(known) else f" The {SHOWN} of the highest instability."
            yield Plot(
                path.figure(highest, along),
                name=f"path-files{name}",
                place={RECIPE: recipe},
                title=f"Error along the path between files{title}",
                caption="Error on the straight line between the weights of two files, test above "
                f"train: α = 1 is the first network, α = 0 the second.{of}",
                alt="Line charts of test and train error along the linear path between two "
                "networks, a panel per pair.",
            )
