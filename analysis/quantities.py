"""What measures other than instability say: means, deviations and intervals at each rewind point.

They have no verdict: neither paper says from which value on a network is stable by them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.ends import CELL, from_files, of_levels
from analysis.evidence import about, each
from analysis.formats import UNKNOWN, weights
from analysis.records import (
    INIT_SEED,
    KEEP,
    LEVEL,
    RECIPE,
    RESTART,
    REWIND,
    STRATEGY,
    WEIGHTS_LEFT,
)
from analysis.statistics import Bounds, estimate
from analysis.strategies import rank, strategy


@dataclass(frozen=True)
class Quantity:
    """A column of the trials' frame: one number that a measure says of a trial."""

    name: str
    measure: str
    """As a spec names it."""
    unit: str = ""
    """`%`, `nats`; empty for a number without one."""
    about: str = ""
    """What it is, in a few words."""
    low: float | None = None
    high: float | None = None
    """What is possible; None: no bound is known."""

    @property
    def bounds(self) -> Bounds:
        return (
            -math.inf if self.low is None else self.low,
            math.inf if self.high is None else self.high,
        )


def means(trials: pd.DataFrame, quantities: Iterable[Quantity]) -> pd.DataFrame:
    """Return a row per cell and quantity, with what its samples say of its mean.

    Columns: `recipe`, `strategy`, `level`, `rewind`, `weights_left` (%), `quantity`, `mean`, `std`
    (over samples), `low`, `high` (ends of the 95 % interval, NaN for one init), `n` (samples) and
    `inits`. Trials without a value are left out, and cells without such trials; a quantity that no
    trial at all has a value of is there with n = 0. Copies that start over are no part of cells,
    nor are trials of two levels, and quantities of the latter.
    """
    rows = []
    elsewhere = trials[of_levels(trials)]
    trials = trials[(trials[RESTART] == KEEP) & ~of_levels(trials)]
    for quantity in quantities:
        if quantity.name not in trials or elsewhere[quantity.name].notna().any():
            continue
        there = trials[trials[quantity.name].notna()]
        if there.empty:
            there = trials
        for cell, group in there.groupby([RECIPE, *CELL], sort=False):
            found = estimate(group[quantity.name], group[INIT_SEED], quantity.bounds)
            left = float(group[WEIGHTS_LEFT].mean())
            numbers = (found.mean, found.std, found.low, found.high, found.n, found.inits)
            rows.append((*cell, left, quantity.name, *numbers))
    keys = [RECIPE, *CELL]
    columns = [*keys, WEIGHTS_LEFT, "quantity", "mean", "std", "low", "high", "n", "inits"]
    frame = pd.DataFrame(rows, columns=columns)
    order = frame.assign(rank=frame[STRATEGY].map(rank))
    sorted_ = order.sort_values([RECIPE, "rank", LEVEL, REWIND], kind="stable", ignore_index=True)
    return sorted_.drop(columns="rank")


def tables(trials: pd.DataFrame, quantities: Sequence[Quantity]) -> dict[str, pd.DataFrame]:
    """Return for each measure a table of strings: a row per quantity of each cell.

    By captions, which say what the quantities are.
    """
    found = {}
    for measure in dict.fromkeys(one.measure for one in quantities):
        own = [one for one in quantities if one.measure == measure]
        frame = means(trials, own)
        if len(frame):
            found[_caption(measure, own)] = _table(frame, own)
    return found


def _caption(measure: str, quantities: Iterable[Quantity]) -> str:
    about = "; ".join(f"{one.name}: {one.about}" for one in quantities if one.about)
    numbers = "mean ± standard deviation over samples, and the 95 % interval of the mean"
    return f"{measure}: {numbers}." + (f" {about}." if about else "")


def _table(frame: pd.DataFrame, quantities: Iterable[Quantity]) -> pd.DataFrame:
    units = {one.name: one.unit for one in quantities}
    several = frame[RECIPE].nunique() > 1
    columns = {
        **({"recipe": list(frame[RECIPE])} if several else {}),
        "strategy": [strategy(name).label for name in frame[STRATEGY]],
        "weights left %": [weights(left) for left in frame[WEIGHTS_LEFT]],
        "rewind k": [
            UNKNOWN if of_files else str(k)
            for k, of_files in zip(frame[REWIND], from_files(frame), strict=True)
        ],
        "quantity": list(frame["quantity"]),
        "mean": [_spread(row, units[row["quantity"]]) for _, row in frame.iterrows()],
        "95 % interval": [_interval(row) for _, row in frame.iterrows()],
        "n (inits)": [f"{row['n']} ({row['inits']})" for _, row in frame.iterrows()],
    }
    table = pd.DataFrame(columns, dtype="object")
    return about(table, each(frame, [RECIPE, *CELL]))


def _spread(row: pd.Series, unit: str) -> str:
    if not row["n"]:
        return UNKNOWN
    text = f"{row['mean']:.4g}"
    if not math.isnan(row["std"]):
        text += f" ± {row['std']:.2g}"
    return f"{text} {unit}".strip()


def _interval(row: pd.Series) -> str:
    return UNKNOWN if math.isnan(row["low"]) else f"{row['low']:.4g} to {row['high']:.4g}"
