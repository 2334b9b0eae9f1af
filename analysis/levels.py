"""Levels of iterative pruning held against each other: barriers, matching, LCS-sets (Unmasking).

Pure functions on a `Study` and on each other's frames. A pair of levels is a trial of the networks
w(level) and w(level_2) of one chain: same strategy, k, init and order; level 0 is dense. Errors,
barriers and deviations are percentage points, weights left percentages, k in iterations. Means and
deviations are over inits, which the paper calls replicates. `adaptive` compares schedules.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.adaptive import adaptive_means, adaptive_table, schedules
from analysis.ends import counting, of_levels
from analysis.records import (
    INIT_SEED,
    LEVEL,
    LEVEL_2,
    PATH_ERROR,
    RECIPE,
    REWIND,
    STRATEGY,
    WEIGHTS_LEFT,
    WEIGHTS_LEFT_2,
    split_metric,
)
from analysis.statistics import ON_THRESHOLD, PERCENT, below, estimate, straddles
from analysis.strategies import DENSE, PERTURBED, rank

if TYPE_CHECKING:
    from analysis.study import Study

BARRIER = split_metric("barrier", "test")

CHAIN = [RECIPE, STRATEGY, REWIND]
PAIR = [*CHAIN, LEVEL, LEVEL_2]

PAIR_COLUMNS = [
    *("trial", *CHAIN, INIT_SEED, "order_seed_1", LEVEL, LEVEL_2, WEIGHTS_LEFT, WEIGHTS_LEFT_2),
    *("error", "error_2", "barrier", "highest", "counts", "successive"),
]

_MEASURED = ("barrier", "highest", "error", "error_2")
_PARTS = ("", "_std", "_low", "_high")


def level_pairs(study: Study) -> pd.DataFrame:
    """Return a row per pair of levels and init; empty where the sweep compares no levels.

    Columns: `PAIR_COLUMNS`. `error` and `error_2` are the test errors of w(level) and w(level_2);
    `barrier` is that of Definition A.1 and `highest` the highest error on the path between them
    (Figure 2, right), all in %. `counts` says whether both networks are better than chance: a pair
    that does not count has no barrier, since a path between two networks that guess has none for
    no good reason. NaN where something was not measured. `successive` pairs are one level apart.
    """
    trials = study.trials[of_levels(study.trials)]
    first, second = (100 - trials[split_metric("accuracy", "test", arm)] for arm in (1, 2))
    found = trials.assign(
        error=first,
        error_2=second,
        # Instability is the highest error less the mean of both ends', whatever the ends.
        highest=trials[split_metric("instability", "test")] + (first + second) / 2,
        counts=counting(trials) if len(trials) else False,
        successive=trials[LEVEL_2] - trials[LEVEL] == 1,
    )
    found["barrier"] = _barriers(found, study.curves).where(found["counts"].astype(bool))
    found["_rank"] = [rank(str(name)) for name in found[STRATEGY]]
    order = [RECIPE, "_rank", REWIND, LEVEL, LEVEL_2, INIT_SEED, "order_seed_1"]
    dtypes = {"counts": "bool", "successive": "bool", LEVEL: "int64", LEVEL_2: "int64"}
    return found.sort_values(order, ignore_index=True)[PAIR_COLUMNS].astype(dtypes)


def neighbours(trials: pd.DataFrame) -> pd.Series[bool]:
    """Which trials are of two levels with no other one between, of those that are compared."""
    found = pd.Series(False, index=trials.index)
    pairs = trials[trials[LEVEL] != trials[LEVEL_2]]
    for _, group in pairs.groupby([STRATEGY, REWIND], sort=False):
        levels = sorted({*group[LEVEL], *group[LEVEL_2]})
        after = dict(pairwise(levels))
        found[group.index] = group[LEVEL_2] == group[LEVEL].map(after)
    return found


def _barriers(trials: pd.DataFrame, curves: pd.DataFrame) -> pd.Series:
    """The barrier of each trial, as it was measured or else from its path; NaN without either."""
    known = trials[BARRIER] if BARRIER in trials else pd.Series(np.nan, index=trials.index)
    error = split_metric(PATH_ERROR, "test")
    lacking = trials.loc[known.isna(), "trial"]
    if not len(lacking) or error not in curves:
        return known.astype("float64")
    paths = curves[curves["trial"].isin(lacking)].groupby("trial")
    of_paths = {trial: barrier(path["alpha"], path[error]) for trial, path in paths}
    return known.fillna(trials["trial"].map(of_paths)).astype("float64")


def barrier(alpha: pd.Series, error: pd.Series) -> float:
    """How far a path's error rises above the straight line between its ends' (Definition A.1)."""
    x, y = alpha.to_numpy(float), error.to_numpy(float)
    first, last = y[np.argmin(x)], y[np.argmax(x)]
    return float((y - (1 - x) * first - x * last).max())


def level_cells(pairs: pd.DataFrame, eps: float) -> pd.DataFrame:
    """Return a row per recipe, strategy, k and pair of levels, with means over inits.

    `pairs` are as `level_pairs`. Of each of `barrier`, `highest`, `error` and `error_2` there are
    the mean, the standard deviation over inits (`_std`) and the ends of the 95 % interval of the
    mean (`_low`, `_high`; see `statistics.estimate`). `n` counts the inits of `barrier`, `measured`
    those of `highest`. `weights_left` and `weights_left_2` are means. `connected` says whether
    the mean barrier is below `eps`, the deviation of the dense networks' error (Definition A.1);
    NA where either is unknown, or where not more than half of the pairs count. `borderline` says
    whether the interval of the barrier holds `eps`.
    """
    rows: list[dict[str, Any]] = []
    for where, group in pairs.groupby(PAIR, sort=False):
        found = {name: estimate(group[name], group[INIT_SEED], PERCENT) for name in _MEASURED}
        row: dict[str, Any] = dict(zip(PAIR, where, strict=True))
        row |= {name: float(group[name].mean()) for name in (WEIGHTS_LEFT, WEIGHTS_LEFT_2)}
        row |= {"n": found["barrier"].inits, "measured": found["highest"].inits}
        for name, one in found.items():
            values = (one.mean, one.std_inits, one.low, one.high)
            row |= {f"{name}{part}": value for part, value in zip(_PARTS, values, strict=True)}
        told = not np.isnan([row["barrier"], eps]).any() and 2 * group["counts"].sum() > len(group)
        row["connected"] = below(row["barrier"], eps) if told else None
        row["borderline"] = told and straddles(row["barrier_low"], row["barrier_high"], eps)
        row["successive"] = bool(group["successive"].iloc[0])
        rows.append(row)
    names = [f"{name}{part}" for name in _MEASURED for part in _PARTS]
    dtypes: dict[str, Any] = {
        **dict.fromkeys((RECIPE, STRATEGY), "object"),
        **dict.fromkeys((REWIND, LEVEL, LEVEL_2), "int64"),
        **dict.fromkeys((WEIGHTS_LEFT, WEIGHTS_LEFT_2), "float64"),
        **dict.fromkeys(("n", "measured"), "int64"),
        **dict.fromkeys(names, "float64"),
        "connected": "boolean",
        "borderline": "bool",
        "successive": "bool",
    }
    return pd.DataFrame(rows, columns=list(dtypes)).astype(dtypes)


def eps_of(study: Study) -> float:
    """The standard deviation of the dense networks' error over inits, in points: the paper's eps.

    Of the dense networks at the smallest k (`cells.dense_reference`); NaN where it is not known.
    """
    return study.reference.std if study.reference is not None else np.nan


def level_networks(study: Study) -> pd.DataFrame:
    """Return a row per strategy, k and level with the network's error, and whether it matches.

    Of one recipe, and of strategies that prune. Columns: `strategy`, `rewind`, `level`,
    `weights_left`, `error`, `error_std` (over `n` inits) and `matching`, as `cells.cells` has it.
    Level 0 is the dense network of the same k, which matches itself; it stands in each strategy.
    """
    found = study.cells.assign(
        error=100 - study.cells["accuracy_test"],
        error_std=study.cells["accuracy_test_std"],
        n=study.cells["accuracy_inits"],
    )
    dense = found[found[STRATEGY] == DENSE].assign(matching=True)
    parts = [found.iloc[:0]]
    for name, chain in found[found[STRATEGY] != DENSE].groupby(STRATEGY):
        begun = dense[dense[REWIND].isin(chain[REWIND])]
        parts.append(pd.concat([begun.assign(**{STRATEGY: str(name)}), chain]))
    columns = [STRATEGY, REWIND, LEVEL, WEIGHTS_LEFT, "error", "error_std", "n", "matching"]
    networks = pd.concat(parts[1:] or parts).sort_values([STRATEGY, REWIND, LEVEL])
    return networks[columns].astype({"matching": "boolean"}).reset_index(drop=True)


def judged_pairs(study: Study) -> pd.DataFrame:
    """Return `level_cells` of a study of one recipe, with `both_matching` for each pair.

    `both_matching` says whether both networks match the dense ones; NA where one is not judged.
    """
    cells = level_cells(level_pairs(study), eps_of(study))
    networks = level_networks(study).set_index([STRATEGY, REWIND, LEVEL])["matching"]
    both: Any = pd.array([True] * len(cells), dtype="boolean")
    for level in (LEVEL, LEVEL_2):
        where = pd.MultiIndex.from_frame(cells[[STRATEGY, REWIND, level]])
        both = both & networks.reindex(where).astype("boolean").array
    return cells.assign(both_matching=both)


class Agreement(NamedTuple):
    """How many pairs of successive levels are connected, by whether both match: the 2 x 2 count.

    The paper says that matching levels are the connected ones: `agree` of `total` pairs.
    """

    matching_connected: int
    matching_apart: int
    other_connected: int
    """Connected pairs of which not both match."""
    other_apart: int

    @property
    def agree(self) -> int:
        return self.matching_connected + self.other_apart

    @property
    def total(self) -> int:
        return sum(self)


def agreement(judged: pd.DataFrame) -> Agreement:
    """Count the successive pairs of `judged_pairs` whose two verdicts are known.

    The perturbed dense network is no level of pruning, so its pairs are left out.
    """
    known = judged["connected"].notna() & judged["both_matching"].notna()
    rows = judged[known & judged["successive"] & (judged[STRATEGY] != PERTURBED)]
    both, connected = (rows[name].astype(bool) for name in ("both_matching", "connected"))
    return Agreement(
        int((both & connected).sum()),
        int((both & ~connected).sum()),
        int((~both & connected).sum()),
        int((~both & ~connected).sum()),
    )


def lcs_sets(study: Study) -> pd.DataFrame:
    """Return for each level which other levels lie in its eps-LCS-set (Definition 2.1).

    w(other) lies in the set of w(level) if its mean error is at most that of w(level) + eps, and
    the two are connected. Of one recipe. A row per strategy, k, level and other level of the same
    chain, both ways round: `strategy`, `rewind`, `level`, `other`, `near` (the error is low
    enough), `connected`, and `inside` (both; NA where one is unknown).
    """
    eps = eps_of(study)
    cells = level_cells(level_pairs(study), eps)
    there = cells.rename(columns={LEVEL_2: "other"})
    back = there.rename(
        columns={LEVEL: "other", "other": LEVEL, "error": "error_2", "error_2": "error"}
    )
    both = pd.concat([there, back], ignore_index=True)
    known = both[["error", "error_2"]].notna().all(axis="columns") & (not np.isnan(eps))
    near = both["error_2"] <= both["error"] + eps + ON_THRESHOLD
    both["near"] = near.astype("boolean").where(known)
    both["inside"] = both["near"] & both["connected"]
    columns = [STRATEGY, REWIND, LEVEL, "other", "near", "connected", "inside"]
    return both.sort_values(columns[:4], ignore_index=True)[columns]


__all__ = [
    "Agreement",
    "adaptive_means",
    "adaptive_table",
    "agreement",
    "barrier",
    "eps_of",
    "judged_pairs",
    "lcs_sets",
    "level_cells",
    "level_networks",
    "level_pairs",
    "schedules",
]
