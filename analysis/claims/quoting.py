"""How claims quote samples: values of a cell, and their mean in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from analysis.ends import arms, counting
from analysis.formats import number
from analysis.records import INIT_SEED, LEVEL, REWIND, STRATEGY
from analysis.statistics import init_means, skewed
from analysis.strategies import DENSE, strategy

Samples = tuple[pd.Series, pd.Series]
"""Values, and the init of each."""


def sampled(
    trials: pd.DataFrame, column: str, strategy: str, level: int | None, k: int | Sequence[int]
) -> Samples:
    """Return the values of a column at one k, or at several: those that make the cell's mean.

    Accuracies are of networks, each once; instabilities of the trials that count; what else was
    measured is of every trial that has it. Dense networks are of level 0 whatever `level` says.
    """
    at = 0 if strategy == DENSE else level
    ks = [k] if isinstance(k, int) else list(k)
    rows = trials[(trials[STRATEGY] == strategy) & (trials[LEVEL] == at) & trials[REWIND].isin(ks)]
    if column not in rows or rows.empty:
        return pd.Series(dtype="float64"), pd.Series(dtype="int64")
    if column.startswith("accuracy"):
        rows = arms(rows)
    elif column.startswith("instability"):
        rows = rows[counting(rows)]
    rows = rows[rows[column].notna()]
    return rows[column].astype("float64"), rows[INIT_SEED]


def quoted(samples: Samples, unit: str = " %") -> str:
    """Return the mean of samples for a sentence; with their median where few drive it."""
    values, inits = samples
    text = f"{number(float(init_means(values, inits).mean()))}{unit}"
    if not skewed(values):
        return text
    return f"{text} (median {number(float(values.median()))}{unit})"


def errors(samples: Samples) -> Samples:
    """Errors (%) from accuracies."""
    return 100 - samples[0], samples[1]


def at_each_k(values: dict[Any, str]) -> str:
    """Values by k: "64.3 % at k = 0, 1.1 % at 20, 0.2 % at 480"; of many the first two and last."""
    parts = [f"{value} at {k}" for k, value in values.items()]
    if len(parts) > 3:
        parts = [*parts[:2], parts[-1]]
    return ", ".join(parts).replace(" at ", " at k = ", 1)


def called(name: str) -> str:
    """Return a strategy's label within a sentence: "IMP", "random pruning"."""
    label = strategy(name).label
    return label if label[:2].isupper() else label.lower()
