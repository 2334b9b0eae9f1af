"""From single trials to what the papers report: instability and accuracy at each rewind point,
and the rewind point from which networks are stable or matching.

Pure functions on the frame of `records.trials`. Errors, accuracies, instabilities and drops
are in percentage points; rewind points k in iterations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from analysis.records import (
    ACCURACY,
    INIT_SEED,
    INSTABILITY,
    LEVEL,
    RECIPE,
    REWIND,
    SPLITS,
    STRATEGY,
    WEIGHTS_LEFT,
    split_metric,
)
from analysis.strategies import DENSE, rank

LINE = [STRATEGY, LEVEL]  # a line of LMC Figure 6
CELL = [*LINE, REWIND]  # a point on it
ARM = [RECIPE, *CELL, INIT_SEED, "order_seed"]

Matching = Literal["one-std"] | float

# Percentages are quotients of counts: 97.5 - 97.3 is 0.2 + 3e-15 in floating point. A value
# this close to its threshold lies on it.
ON_THRESHOLD = 1e-9

CELL_DTYPES = {
    RECIPE: "object",
    STRATEGY: "object",
    LEVEL: "int64",
    REWIND: "int64",
    WEIGHTS_LEFT: "float64",
    "n": "int64",
    "instability_test": "float64",
    "instability_test_std": "float64",
    "instability_train": "float64",
    "instability_train_std": "float64",
    "accuracy_test": "float64",
    "accuracy_test_std": "float64",
    "drop": "float64",
    "stable": "bool",
    "matching": "boolean",
}


@dataclass(frozen=True)
class DenseReference:
    """Test accuracy of the full networks, which subnetworks are held against."""

    mean: float
    """%"""

    std: float
    """Sample standard deviation in points, NaN for a single arm: Unmasking's eps."""

    n: int
    """Arms."""

    rewind: int
    """k at which the arms were copied; at 0 they are trained independently."""


def arms(trials: pd.DataFrame) -> pd.DataFrame:
    """The trained arms behind the trials, each once though it stands in several pairs.

    Columns: `recipe`, `strategy`, `level`, `rewind`, `init_seed`, `order_seed`,
    `accuracy_test`, `accuracy_train` (%).
    """
    shared = ARM[:-1]
    ends = [
        trials[[*shared, f"order_seed_{arm}", *(split_metric(ACCURACY, s, arm) for s in SPLITS)]]
        for arm in (1, 2)
    ]
    columns = [*ARM, *(split_metric(ACCURACY, split) for split in SPLITS)]
    stacked = pd.concat([end.set_axis(columns, axis="columns") for end in ends])
    return stacked.drop_duplicates(ARM).sort_values(ARM, ignore_index=True)


def dense_reference(trials: pd.DataFrame) -> DenseReference | None:
    """The dense arms at the smallest rewind point there is; None without dense trials."""
    dense = arms(trials[trials[STRATEGY] == DENSE])
    if dense.empty:
        return None
    rewind = int(dense[REWIND].min())
    accuracy = dense.loc[dense[REWIND] == rewind, "accuracy_test"]
    return DenseReference(_mean(accuracy), _std(accuracy), len(accuracy), rewind)


def cells(
    trials: pd.DataFrame, *, stable_below: float = 2.0, matching: Matching = "one-std"
) -> pd.DataFrame:
    """One row per (strategy, level, rewind) of a recipe, with the columns of `CELL_DTYPES`.

    Instability is averaged over the `n` trials, test accuracy over their arms; `_std` is the
    sample standard deviation, NaN for one sample. `drop` is the dense reference's accuracy
    minus the cell's: positive is worse, NaN without a reference.

    `stable`: the mean test instability is below `stable_below` (LMC section 2: 2 points).
    `matching`: `drop` is at most the standard deviation of the dense reference ("one-std":
    LMC Figure 7, Unmasking's eps) or at most that many points (LMC section 4.4: 0.2); NA where
    that cannot be said. A NaN instability is not stable and a NaN accuracy not matching.

    Raises ValueError if the trials are of several recipes: their networks are not comparable.
    """
    if trials[RECIPE].nunique() > 1:
        raise ValueError(f"trials of several recipes: {sorted(trials[RECIPE].unique())}")
    reference = dense_reference(trials)
    arms_of = dict(tuple(arms(trials).groupby(CELL)))
    rows: list[dict[str, Any]] = []
    for where, samples in trials.groupby(CELL):
        accuracy = arms_of[where]["accuracy_test"]
        instability = {split: samples[split_metric(INSTABILITY, split)] for split in SPLITS}
        drop = reference.mean - _mean(accuracy) if reference else np.nan
        rows.append(
            {
                RECIPE: samples[RECIPE].iloc[0],
                **dict(zip(CELL, where, strict=True)),
                WEIGHTS_LEFT: _mean(samples[WEIGHTS_LEFT]),
                "n": len(samples),
                **{split_metric(INSTABILITY, s): _mean(instability[s]) for s in SPLITS},
                **{f"{split_metric(INSTABILITY, s)}_std": _std(instability[s]) for s in SPLITS},
                "accuracy_test": _mean(accuracy),
                "accuracy_test_std": _std(accuracy),
                "drop": drop,
                "stable": _mean(instability["test"]) < stable_below - ON_THRESHOLD,
                "matching": _matches(drop, reference, matching),
            }
        )
    rows.sort(key=lambda row: (rank(row[STRATEGY]), row[LEVEL], row[REWIND]))
    return pd.DataFrame(rows, columns=list(CELL_DTYPES)).astype(CELL_DTYPES)


def _matches(drop: float, reference: DenseReference | None, matching: Matching) -> bool | None:
    if reference is None:
        return None
    tolerance = reference.std if matching == "one-std" else float(matching)
    if np.isnan(reference.mean) or np.isnan(tolerance):
        return None
    return bool(drop <= tolerance + ON_THRESHOLD)


def _mean(values: pd.Series) -> float:
    # A NaN among the samples must show: pandas would leave it out.
    return float(values.mean(skipna=False))


def _std(values: pd.Series) -> float:
    return float(values.std(skipna=False))


def onsets(cells: pd.DataFrame, verdict: Literal["stable", "matching"]) -> pd.DataFrame:
    """From which rewind point on each line of `cells` is stable, or matching.

    Columns: `recipe`, `strategy`, `level`, `weights_left`, `onset` (the first measured k from
    which the verdict holds at every measured k' >= k; NA if never) and `last` (the largest
    measured k). LMC sections 3 and 4.3.
    """
    rows = []
    for (strategy, level), line in cells.groupby(LINE, sort=False):
        line = line.sort_values(REWIND)
        holds = line[verdict].fillna(False).to_numpy(dtype=bool)
        from_here_on = np.logical_and.accumulate(holds[::-1])[::-1]
        ks = line[REWIND].to_numpy()
        onset = int(ks[from_here_on][0]) if from_here_on.any() else pd.NA
        recipe = line[RECIPE].iloc[0]
        rows.append((recipe, strategy, level, line[WEIGHTS_LEFT].mean(), onset, ks[-1]))
    dtypes = {
        RECIPE: "object",
        STRATEGY: "object",
        LEVEL: "int64",
        WEIGHTS_LEFT: "float64",
        "onset": "Int64",
        "last": "int64",
    }
    return pd.DataFrame(rows, columns=list(dtypes)).astype(dtypes)
