"""Adaptive pruning against pruning by a fixed share (Unmasking section 2.2, Figure 4).

Pure functions on a `Study`. A level is one pruning and one retraining, so that the number of a
level counts retrainings. Errors and weights left are percentages, differences points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.ends import arms
from analysis.records import INIT_SEED, LEVEL, RECIPE, REWIND, STRATEGY, WEIGHTS_LEFT
from analysis.statistics import ON_THRESHOLD, POINTS, UNBOUNDED, estimate
from analysis.strategies import DENSE, IMP, IMP_ADAPTIVE

if TYPE_CHECKING:
    from analysis.study import Study

SCHEDULES = {"fixed": IMP, "adaptive": IMP_ADAPTIVE}
"""Suffix of columns -> the strategy."""

_CHAIN = [RECIPE, REWIND, INIT_SEED]
_SAID = {"retrainings": LEVEL, WEIGHTS_LEFT: WEIGHTS_LEFT, "iterations": "iterations"}
_BOUNDS = {"error_difference": POINTS}


def schedules(study: Study) -> pd.DataFrame:
    """Return a row per network of both schedules, and one per dense network they begin with.

    Columns: `recipe`, `rewind`, `init_seed`, `strategy` (imp or imp-adaptive), `level`, which
    counts retrainings, `weights_left`, `error` (test, %), and `iterations`: all that were trained
    up to this network, T for the dense one and T - k for each level (NaN without
    `Study.iterations`). Networks of several orders are averaged.
    """
    networks = arms(study.usual)
    networks = networks.assign(error=100 - networks["accuracy_test"].astype("float64"))
    total = networks[RECIPE].map(study.iterations).astype("float64")
    networks["iterations"] = total + networks[LEVEL] * (total - networks[REWIND])
    means = networks.groupby([*_CHAIN, STRATEGY, LEVEL], as_index=False)[
        [WEIGHTS_LEFT, "error", "iterations"]
    ].mean()
    dense = means[means[STRATEGY] == DENSE]
    chains = [means[means[STRATEGY].isin(SCHEDULES.values())]]
    for name in SCHEDULES.values():
        begun = chains[0].loc[chains[0][STRATEGY] == name, _CHAIN].drop_duplicates()
        chains.append(dense.merge(begun, on=_CHAIN).assign(**{STRATEGY: name}))
    found = pd.concat([one for one in chains if len(one)] or chains[:1], ignore_index=True)
    return found.sort_values([*_CHAIN, STRATEGY, LEVEL], ignore_index=True)


def adaptive_table(study: Study, until: float | None = None) -> pd.DataFrame:
    """Return what either schedule needs until at most `until` % of weights are left, per init.

    A row per recipe, k and init that both schedules have. Columns, with the suffixes `_fixed` and
    `_adaptive`: `retrainings` to the first level with so few weights left, `weights_left` there,
    `iterations` trained up to there (see `schedules`) and `error` (test, %); NaN where a schedule
    does not get there. Then `retrainings_saved` and `compute_saved` (of iterations), in % of what
    the fixed schedule needs, and `error_difference`, adaptive minus fixed in points. `until` is by
    default what the sweep asks for (`Study.until_left`).
    """
    until = study.until_left if until is None else until
    networks = schedules(study)
    first = networks[networks[WEIGHTS_LEFT] <= until + ON_THRESHOLD]
    first = first.drop_duplicates([*_CHAIN, STRATEGY])
    named = [*_SAID, "error"]
    found: pd.DataFrame | None = None
    for suffix, name in SCHEDULES.items():
        begun = networks.loc[networks[STRATEGY] == name, _CHAIN].drop_duplicates()
        own = first[first[STRATEGY] == name].assign(retrainings=lambda rows: rows[LEVEL])
        own = begun.merge(own[[*_CHAIN, *named]], on=_CHAIN, how="left")
        own = own.rename(columns={column: f"{column}_{suffix}" for column in named})
        found = own if found is None else found.merge(own, on=_CHAIN)
    assert found is not None
    for saved, of in (("retrainings", "retrainings"), ("compute", "iterations")):
        share = found[f"{of}_adaptive"] / found[f"{of}_fixed"].replace(0, np.nan)
        found[f"{saved}_saved"] = 100 * (1 - share)
    found["error_difference"] = found["error_adaptive"] - found["error_fixed"]
    order = [f"{column}_{suffix}" for column in named for suffix in SCHEDULES]
    order += ["retrainings_saved", "compute_saved", "error_difference"]
    values = found[order].astype("float64")
    return pd.concat([found[_CHAIN], values], axis="columns")


def adaptive_means(table: pd.DataFrame) -> pd.DataFrame:
    """Return the means over inits of `adaptive_table`, a row per recipe and k.

    Each column of numbers has its mean, and `_std` over inits, `_low` and `_high`, the ends of the
    mean's 95 % interval: of `error_difference` this is the interval of paired differences. `n`
    counts the inits in which both schedules get there, of which alone all means are.
    """
    rows: list[dict[str, Any]] = []
    columns = [column for column in table if column not in _CHAIN]
    for (recipe, k), group in table.groupby([RECIPE, REWIND], sort=False):
        both = group[group[[f"retrainings_{one}" for one in SCHEDULES]].notna().all(axis=1)]
        row: dict[str, Any] = {RECIPE: recipe, REWIND: k, "n": len(both), "inits": len(group)}
        for column in columns:
            bounds = _BOUNDS.get(str(column), UNBOUNDED)
            one = estimate(both[column], both[INIT_SEED], bounds)
            row |= {
                str(column): one.mean,
                f"{column}_std": one.std_inits,
                f"{column}_low": one.low,
                f"{column}_high": one.high,
            }
        rows.append(row)
    names = [f"{column}{part}" for column in columns for part in ("", "_std", "_low", "_high")]
    return pd.DataFrame(rows, columns=[RECIPE, REWIND, "n", "inits", *names])
