"""The highest error on paths at k = 0, beside that of random guessing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analysis.claims.claim import Answer
from analysis.records import INIT_SEED, LEVEL, REWIND, STRATEGY
from analysis.statistics import estimate

if TYPE_CHECKING:
    from analysis.study import Study

NEAR = 5.0
"""Points of error: as near to random guessing as counts as reaching it."""


@dataclass(frozen=True)
class Peak:
    """Errors in %."""

    mean: float
    """Of the samples' highest errors on their paths."""
    chance: float
    """Of always giving the most frequent class."""
    reaches: Answer
    """Whether the mean comes near to chance; None where its interval holds the border."""


def peak_error(study: Study, strategy: str, level: int | None) -> Peak | None:
    """Return the highest error on the paths of a strategy's copies at k = 0; None without paths."""
    samples = study.samples
    chosen = (samples[STRATEGY] == strategy) & (samples[LEVEL] == level) & (samples[REWIND] == 0)
    own = samples[chosen & samples["counts"]]
    if own.empty or "path_error_test" not in study.curves:
        return None
    peaks = study.curves.groupby("trial")["path_error_test"].max()
    own = own[own["trial"].isin(peaks.index)]
    if own.empty:
        return None
    found = estimate(own["trial"].map(peaks).astype("float64"), own[INIT_SEED])
    chance = 100 - float(own["majority_test"].iloc[0])
    border = chance - NEAR
    unsure = not pd.isna(found.low) and found.low < border <= found.high
    return Peak(found.mean, chance, None if unsure else found.mean >= border)
