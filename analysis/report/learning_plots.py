"""The report's figures of learning curves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from analysis.figures import learning
from analysis.records import PHASE, RECIPE
from analysis.report.plot import Plot

if TYPE_CHECKING:
    import pandas as pd


def plots(curves: pd.DataFrame) -> Iterator[Plot]:
    """One per recipe that has learning curves of copies."""
    copies = curves[curves[PHASE] == "train"]
    several = copies[RECIPE].nunique() > 1
    for number, (recipe, own) in enumerate(copies.groupby(RECIPE), 1):
        yield Plot(
            learning.figure(own),
            name=f"learning-{number}" if several else "learning",
            place={RECIPE: recipe},
            title=f"Learning curves: {recipe}" if several else "Learning curves",
            caption="Error of copies while they are trained, from the rewind iteration k on: mean "
            "over inits and data orders. Solid: test; dashed: train. The upright axis is "
            "logarithmic from about 1 % on.",
            alt="Line charts of test and train error against the iteration of training, a panel "
            "per strategy and level, a line per rewind iteration.",
        )
