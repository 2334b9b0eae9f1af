"""The report's table of sparsities: best accuracy, onsets, range (LMC 4.4, appendix B)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from analysis.evidence import about, places
from analysis.formats import UNKNOWN, spread, weights
from analysis.records import LEVEL, REWIND, STRATEGY, WEIGHTS_LEFT
from analysis.sparsities import (
    best_by_level,
    extreme_level,
    onsets_by_level,
    ranges,
)
from analysis.strategies import IMP, RANDOM_PRUNING

if TYPE_CHECKING:
    from analysis.study import Study

CAPTION = (
    "Sparsities: IMP's best accuracy over rewind points; from which k on most samples are stable, "
    "and matching; and the range (I: even random pruning is matching at some k, II: IMP alone, "
    "III: neither)."
)


def table(study: Study) -> dict[str, pd.DataFrame]:
    """Return a table of strings by its caption, a row per level of IMP; empty for one level."""
    best = best_by_level(study.cells)
    if len(best) < 2:
        return {}
    medians = onsets_by_level(study.samples).set_index([STRATEGY, LEVEL, "verdict"])["median"]
    which = ranges(study.samples).set_index(LEVEL)["range"]
    columns: dict[str, list[str]] = {
        "weights left %": [weights(left) for left in best[WEIGHTS_LEFT]],
        "IMP: best accuracy %": [
            spread(mean, std)
            for mean, std in zip(best["accuracy_test"], best["accuracy_test_std"], strict=True)
        ],
        "at k": [str(k) for k in best[REWIND]],
        **{
            f"{label}: {verdict} from k": [
                _onset(medians.get((name, level, verdict))) for level in best[LEVEL]
            ]
            for name, label in ((IMP, "IMP"), (RANDOM_PRUNING, "random pruning"))
            for verdict in ("stable", "matching")
        },
        "range": [which.get(level, UNKNOWN) for level in best[LEVEL]],
    }
    level = extreme_level(study.cells, study.reference)
    extreme = (
        " At no level do the bands of IMP's best accuracy and of the dense networks meet."
        if level is None
        else " Extreme sparsity, the sparsest level at which the bands of IMP's best accuracy and "
        f"of the dense networks meet: {weights(study.left(level))} % of weights left."
    )
    table = about(pd.DataFrame(columns, dtype="object"), places(best, [LEVEL]))
    return {CAPTION + extreme: table}


def _onset(median: float | None) -> str:
    """A median onset; a dash where none is known."""
    if median is None:
        return UNKNOWN
    return "never" if math.isinf(median) else f"{median:.0f}"
