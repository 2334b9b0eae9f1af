"""Means of what measures say, at each rewind point of a line, for figures of the appendices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.quantities import Quantity, means
from analysis.records import LEVEL, REWIND, STRATEGY

if TYPE_CHECKING:
    from analysis.study import Study


def line_of(study: Study, column: str, strategy: str, level: int | None) -> pd.DataFrame:
    """The samples' mean of a column at each k of a strategy's line, ascending.

    Columns `rewind`, `mean`, `mean_std` (over samples) and `n`; empty where it was not measured.
    """
    trials = study.usual
    if column not in trials:
        return pd.DataFrame(columns=[REWIND, "mean", "mean_std", "n"])
    own = trials[(trials[STRATEGY] == strategy) & (trials[LEVEL] == level)]
    own = own[own[column].notna()]
    found = means(own, [Quantity(column, column)]) if len(own) else means(trials.iloc[:0], [])
    return found.rename(columns={"std": "mean_std"}).sort_values(REWIND)
