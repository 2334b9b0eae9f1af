"""From single trials to what the papers report: instability and accuracy at each rewind point.

Pure functions on the frame of `records.trials`. Errors, accuracies, instabilities and drops
are in percentage points; rewind points k in iterations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from analysis.ends import CELL, LINE, arms, counting, tested, usual
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
from analysis.statistics import (
    ON_THRESHOLD,
    Estimate,
    below,
    difference,
    estimate,
    init_means,
    judge,
    judged,
    straddles,
)
from analysis.strategies import DENSE, rank

Named = Literal["one-std", "bands-overlap"]
Matching = Named | float
NAMED: tuple[Named, ...] = get_args(Named)

_PARTS = ("", "_std", "_low", "_high")
_INSTABILITIES = [split_metric(INSTABILITY, split) for split in SPLITS]

_ACCURACIES = [split_metric(ACCURACY, split) for split in SPLITS]

CELL_DTYPES = {
    RECIPE: "object",
    STRATEGY: "object",
    LEVEL: "int64",
    REWIND: "int64",
    WEIGHTS_LEFT: "float64",
    "pairs": "int64",
    "n": "int64",
    "inits": "int64",
    "networks": "int64",
    "diverged": "int64",
    "untrained": "int64",
    **{f"{name}{part}": "float64" for name in (*_INSTABILITIES, *_ACCURACIES) for part in _PARTS},
    "accuracy_inits": "int64",
    "drop": "float64",
    "drop_low": "float64",
    "drop_high": "float64",
    "reference": "bool",
    "stable": "boolean",
    "stable_samples": "int64",
    "stable_share": "float64",
    "stable_borderline": "bool",
    "matching": "boolean",
    "matching_samples": "int64",
    "matching_borderline": "bool",
}


@dataclass(frozen=True)
class DenseReference:
    """Test accuracy of the dense networks that subnetworks are held against."""

    mean: float
    """%: mean over inits of each init's mean."""

    std: float
    """Sample standard deviation over inits in points, NaN for one init: Unmasking's eps."""

    n: int
    """Networks, all of them trained."""

    inits: int

    rewind: int
    """k at which the networks were copied; at 0 they are trained independently."""

    def tolerance(self, matching: Matching, std: float = 0.0) -> float:
        """Points of accuracy that a matching subnetwork may lose; NaN if they are not known.

        `std` is the deviation of the subnetworks' accuracies over inits: their half of two bands.
        """
        if matching == "one-std":
            return self.std
        return self.std + std if matching == "bands-overlap" else float(matching)


def dense_reference(trials: pd.DataFrame) -> DenseReference | None:
    """The dense networks of one recipe at the smallest rewind point there is.

    Diverged and untrained ones are left out. None if no other is there.
    """
    return _reference(_reference_networks(arms(trials)))


def _reference(networks: pd.DataFrame) -> DenseReference | None:
    if networks.empty:
        return None
    found = estimate(networks["accuracy_test"], networks[INIT_SEED])
    rewind = int(networks[REWIND].iloc[0])
    return DenseReference(found.mean, found.std_inits, found.n, found.inits, rewind)


def _reference_networks(networks: pd.DataFrame) -> pd.DataFrame:
    """The trained dense ones of `networks` (of one recipe) at the smallest rewind point."""
    dense = networks[networks[STRATEGY] == DENSE]
    first = dense[dense[REWIND] == dense[REWIND].min()]
    return first[~(first["diverged"] | first["untrained"])]


def samples(
    trials: pd.DataFrame, *, stable_below: float = 2.0, matching: Matching = "one-std"
) -> pd.DataFrame:
    """The trials of cells (`ends.usual`), each judged by itself as `cells` judges their means.

    Added columns: `counts` (both ends are trained), `drop` (points of accuracy that the mean of
    the two ends loses), and `stable` and `matching` (NA for a trial that does not count;
    `matching` is NA for dense networks and without a reference, too).
    """
    trials = trials[usual(trials)]
    unknown = pd.Series(pd.NA, index=trials.index, dtype="boolean")
    found = trials.assign(
        counts=counting(trials), drop=np.nan, stable=unknown, matching=unknown
    ).astype({"counts": "bool", "drop": "float64"})
    counts = found["counts"]
    instability = found.loc[counts, "instability_test"]
    known = instability[instability.notna()]
    found.loc[known.index, "stable"] = known < stable_below - ON_THRESHOLD
    for _, group in found.groupby(RECIPE):
        reference = dense_reference(group)
        if reference is None:
            continue
        drop = reference.mean - group["accuracy_test"].where(group["counts"])
        found.loc[group.index, "drop"] = drop
        tolerance = reference.tolerance(matching)
        if not np.isnan(tolerance):
            known = group.index[group["counts"] & (group[STRATEGY] != DENSE)]
            found.loc[known, "matching"] = drop[known] <= tolerance + ON_THRESHOLD
    return found


def cells(
    trials: pd.DataFrame, *, stable_below: float = 2.0, matching: Matching = "one-std"
) -> pd.DataFrame:
    """One row per (recipe, strategy, level, rewind), with the columns of `CELL_DTYPES`.

    Of the trials whose instability was measured; pairs of files are no cells (`pairs`), nor are
    copies that start over (`restarted`).

    Counts:

    - `pairs`: trials measured; `n`: those that count, both of whose ends are trained (see
      `ends`); `inits`: the inits of these.
    - `networks`: trained networks behind the trials, each once; `diverged` and `untrained`: how
      many of them are. `accuracy_inits`: inits of the networks whose accuracy is known.

    Numbers (see `statistics.estimate`; `_low` and `_high` are the ends of 95 % intervals, NaN for
    one init):

    - `instability_SPLIT`: mean over the trials that count; `_std` over these trials.
    - `accuracy_SPLIT`: mean over all networks that did not diverge, at chance or not; `_std` over
      the inits' means.
    - `drop`: the dense reference's accuracy minus the cell's. Positive is worse; NaN without a
      reference, which is the recipe's dense networks at their smallest k (`reference`).

    Verdicts, NA where they cannot be said, and for cells that are not judged (see
    `statistics.judged`):

    - `stable`: the mean test instability is below `stable_below` (LMC section 2: 2 points).
    - `matching`: `drop` is at most the standard deviation of the dense reference ("one-std": LMC
      Figure 7, Unmasking's eps), that and the cell's own ("bands-overlap": the bands of both
      meet, as LMC's appendix B reads its figures), or at most that many points (LMC section 4.4:
      0.2). NA for dense networks, and where no network is trained. A sample by itself has no
      deviation of its own.
    - `_samples`: of the `n` trials, those that pass by themselves; `_borderline`: the interval
      holds the threshold; `stable_share`: share of nested bootstrap samples that are stable.
    """
    rows: list[dict[str, Any]] = []
    trials = trials[tested(trials) & usual(trials)]
    each = samples(trials, stable_below=stable_below, matching=matching)
    for recipe, of_recipe in each.groupby(RECIPE):
        networks = arms(of_recipe)
        dense = _reference_networks(networks)
        reference = _reference(dense)
        networks_of = dict(tuple(networks.groupby(CELL)))
        of_cells = [
            {
                RECIPE: recipe,
                **dict(zip(CELL, where, strict=True)),
                **_counts(group, networks_of[where]),
                **_stability(group, stable_below, (recipe, *where)),
                **_accuracy(group, networks_of[where], dense, reference, matching),
            }
            for where, group in of_recipe.groupby(CELL)
        ]
        rows += sorted(of_cells, key=lambda row: (rank(row[STRATEGY]), row[LEVEL], row[REWIND]))
    return _withheld(pd.DataFrame(rows, columns=list(CELL_DTYPES)).astype(CELL_DTYPES))


def _withheld(found: pd.DataFrame) -> pd.DataFrame:
    """The cells without the verdicts of those that are not judged."""
    for _, line in found.groupby([RECIPE, *LINE]):
        without = line.index[~judged(line["n"], line["pairs"])]
        found.loc[without, ["stable", "matching"]] = pd.NA
        found.loc[without, ["stable_borderline", "matching_borderline"]] = False
        found.loc[without, "stable_share"] = np.nan
    return found


def _counts(group: pd.DataFrame, networks: pd.DataFrame) -> dict[str, Any]:
    used = group[group["counts"]]
    return {
        WEIGHTS_LEFT: float(group[WEIGHTS_LEFT].mean()),
        "pairs": len(group),
        "n": len(used),
        "inits": used[INIT_SEED].nunique(),
        "networks": len(networks),
        "diverged": int(networks["diverged"].sum()),
        "untrained": int(networks["untrained"].sum()),
    }


def _stability(group: pd.DataFrame, stable_below: float, identity: object) -> dict[str, Any]:
    used = group[group["counts"]]
    verdict = judge(used["instability_test"], used[INIT_SEED], stable_below, identity)
    train = estimate(used["instability_train"], used[INIT_SEED])
    return {
        **_numbers("instability_test", verdict.of, verdict.of.std),
        **_numbers("instability_train", train, train.std),
        "stable": verdict.holds,
        "stable_samples": verdict.passing,
        "stable_share": verdict.share,
        "stable_borderline": verdict.borderline,
    }


def _accuracy(
    group: pd.DataFrame,
    networks: pd.DataFrame,
    dense: pd.DataFrame,
    reference: DenseReference | None,
    matching: Matching,
) -> dict[str, Any]:
    """Accuracy, and the drop against the `dense` networks of the `reference`."""
    accuracy, inits = networks["accuracy_test"], networks[INIT_SEED]
    found, train = estimate(accuracy, inits), estimate(networks["accuracy_train"], inits)
    is_dense = bool((group[STRATEGY] == DENSE).all())
    is_reference = is_dense and reference is not None and reference.rewind == group[REWIND].iloc[0]
    drop = low = high = tolerance = np.nan
    if reference is not None:
        dense_means = init_means(dense["accuracy_test"], dense[INIT_SEED])
        drop, low, high = difference(dense_means, init_means(accuracy, inits))
        tolerance = reference.tolerance(matching, found.std_inits)
    can_match = (
        bool(group["counts"].any()) and not is_dense and not np.isnan([drop, tolerance]).any()
    )
    return {
        **_numbers("accuracy_test", found, found.std_inits),
        **_numbers("accuracy_train", train, train.std_inits),
        "accuracy_inits": found.inits,
        "drop": drop,
        "drop_low": np.nan if is_reference else low,
        "drop_high": np.nan if is_reference else high,
        "reference": is_reference,
        "matching": below(drop, tolerance, inclusive=True) if can_match else None,
        "matching_samples": int(group["matching"].sum()),
        "matching_borderline": can_match and straddles(low, high, tolerance),
    }


def _numbers(name: str, found: Estimate, std: float) -> dict[str, float]:
    values = (found.mean, std, found.low, found.high)
    return {f"{name}{part}": value for part, value in zip(_PARTS, values, strict=True)}
