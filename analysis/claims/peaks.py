"""The highest error on paths at k = 0, beside that of random guessing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.claims.evidence import Evidence, compared, over_inits
from analysis.claims.quoting import quoted
from analysis.formats import number
from analysis.records import INIT_SEED, LEVEL, REWIND, STRATEGY
from analysis.statistics import PERCENT

if TYPE_CHECKING:
    from analysis.study import Study

NEAR = 5.0
"""Points of error: as near to random guessing as counts as reaching it."""


@dataclass(frozen=True)
class Peak:
    """Errors in %."""

    quoted: str
    """The mean of the samples' highest errors on their paths."""
    guessing: str
    """Error of always giving the most frequent class."""
    reaches: Evidence
    """Whether the mean comes near to guessing."""


def peak_error(study: Study, strategy: str, level: int | None, label: str) -> Peak | None:
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
    values, inits = own["trial"].map(peaks).astype("float64"), own[INIT_SEED]
    chance = 100 - float(own["majority_test"].iloc[0])
    return Peak(
        quoted((values, inits)),
        f"guessing has {number(chance)} %",
        compared(
            label,
            over_inits(values, inits, PERCENT),
            chance - NEAR,
            "at least",
            meaning=f"guessing less {NEAR:g} points",
        ),
    )
