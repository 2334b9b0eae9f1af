"""What searches over hyperparameters minimise: one number of all trials of a recipe."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import NamedTuple

from analysis.strategies import DENSE

WORST = 100.0
"""Of networks that diverged, in %."""

MEANINGS = {
    "objective": "highest test error on the path (%)",
    "instability": "test instability (%)",
    "error": "test error (%)",
    "drop": "accuracy lost against dense networks (points)",
}


class Outcome(NamedTuple):
    """What came out of a trial, in %."""

    strategy: str
    instability: float
    accuracy: float
    """Mean of both networks."""
    diverged: bool = False


def value(metric: str, outcomes: Sequence[Outcome]) -> float:
    """Return a metric (a key of `MEANINGS`): the mean over a recipe's trials.

    The highest error on a path is the mean error of its ends plus the instability (LMC section 2).
    """
    if metric == "drop":
        dense = [one for one in outcomes if one.strategy == DENSE]
        others = [one for one in outcomes if one.strategy != DENSE]
        return _mean(_error(one) for one in others) - _mean(_error(one) for one in dense)
    of = {
        "objective": lambda one: _bounded(one, _error(one) + one.instability),
        "instability": lambda one: _bounded(one, one.instability),
        "error": _error,
    }[metric]
    return _mean(map(of, outcomes))


def _error(one: Outcome) -> float:
    return _bounded(one, 100.0 - one.accuracy)


def _bounded(one: Outcome, number: float) -> float:
    return WORST if one.diverged or math.isnan(number) else number


def _mean(numbers: Iterable[float]) -> float:
    found = list(numbers)
    return fmean(found) if found else WORST
