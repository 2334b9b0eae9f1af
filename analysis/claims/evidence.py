"""Evidence: the comparisons that a verdict rests on, each with its numbers.

A number is compared by its mean and the 95 % interval over inits. If the interval holds the
border, the records do not tell on which side the mean lies.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from analysis.formats import number
from analysis.statistics import (
    ON_THRESHOLD,
    UNBOUNDED,
    Bounds,
    below,
    difference,
    estimate,
    init_means,
    straddles,
)

Answer = bool | None
"""None: the records do not tell."""

Side = Literal["below", "at most", "at least", "above"]

Interval = tuple[float, float, float]
"""A mean and the ends of its 95 % interval; these are NaN for one init."""

SHOWN = 3
"""Comparisons that a reason lists; of more it has the first, or the nearest to the border."""


@dataclass(frozen=True)
class Evidence:
    """One comparison, or several taken together."""

    holds: Answer
    """Whether what is claimed holds."""
    says: str
    """The numbers, and where they lie: "at k = 0: 64.3 % (55.0 to 73.6), above 2 %"."""
    clear: float = math.inf
    """Distance of the number from the border: of many, the nearest is quoted."""


def compared(
    what: str,
    found: Interval,
    border: float,
    claimed: Side,
    unit: str = " %",
    *,
    by_mean: bool = True,
    meaning: str = "",
) -> Evidence:
    """Hold a mean against a border. Without an interval the mean decides, if `by_mean`.

    `meaning` says what the border is where its number alone does not.
    """
    mean, low, high = found
    if pd.isna(mean):
        return Evidence(None, f"{what}: not measured")
    digits = 1 if number(mean) != number(border) else 2
    value, limit = _digits(mean, digits), _border(border, digits, unit, meaning)
    if pd.isna(low):
        span = "one init, so no interval"
    else:
        span = f"{_digits(low, digits)} to {_digits(high, digits)}"
    text = f"{what}: {value}{unit} ({span})"
    if straddles(low, high, border):
        return Evidence(None, f"{text}, the interval holds {limit}")
    if pd.isna(low) and not by_mean:
        return Evidence(None, text)
    under = below(mean, border, inclusive=claimed in ("at most", "above"))
    holds = under == (claimed in ("below", "at most"))
    side = "at" if abs(mean - border) <= ON_THRESHOLD else "below" if mean < border else "above"
    return Evidence(holds, f"{text}, {side} {limit}", abs(mean - border))


def _digits(value: float, digits: int) -> str:
    return number(value) if digits == 1 else f"{value:z.{digits}f}".replace("-", "−")


def _border(value: float, digits: int, unit: str, meaning: str) -> str:
    text = f"{round(value, digits):g}{unit if value else ''}".replace("-", "−")
    return f"{text} ({meaning})" if meaning else text


def smaller(
    what: str,
    first: pd.Series,
    second: pd.Series,
    unit: str = " points",
    limits: Bounds = UNBOUNDED,
) -> Evidence:
    """Whether the first is smaller than the second, both values by init: `statistics.difference`.

    Needs an interval: two means alone do not tell. An interval that holds 0 can have inits that all
    lie on one side, so they are counted.
    """
    found = difference(first, second, limits)
    evidence = compared(what, found, 0.0, "below", unit, by_mean=False)
    each = (first - second).dropna()
    if evidence.holds is not None or len(each) < 2:
        return evidence
    under = int((each < 0).sum())
    return Evidence(None, f"{evidence.says}; below 0 in {under} of {len(each)} inits")


def over_inits(values: pd.Series, inits: pd.Series, bounds: Bounds = UNBOUNDED) -> Interval:
    """Return the mean of nested samples with its interval."""
    found = estimate(values, inits, bounds)
    return found.mean, found.low, found.high


def by_init(values: pd.Series, inits: pd.Series) -> pd.Series:
    """Return the inits' means, for `smaller`."""
    return init_means(values, inits)


def alike(one: Evidence, other: Evidence) -> Evidence:
    """Whether two comparisons come out the same; where one does not tell, why."""
    unknown = [part for part in (one, other) if part.holds is None]
    shown = unknown or [one, other]
    holds = None if unknown else one.holds == other.holds
    return Evidence(holds, " and ".join(part.says for part in shown), min(one.clear, other.clear))


def every(answers: Iterable[Answer]) -> Answer:
    """Whether all hold: False if one does not, None if that is not known of one."""
    known = list(answers)
    if not known or any(one is False for one in known):
        return False if known else None
    return None if any(one is None for one in known) else True


def all_of(parts: Sequence[Evidence]) -> Evidence:
    """Whether all comparisons hold, with those that decide it.

    These are the ones that fail; else the ones that cannot be told; else all, or the nearest.
    """
    if len(parts) == 1:
        return parts[0]
    holds = every(part.holds for part in parts)
    deciding = [part for part in parts if part.holds is holds]
    clear = min(part.clear for part in parts)
    if holds and len(parts) > SHOWN:
        nearest = min(parts, key=lambda part: part.clear)
        return Evidence(
            holds, f"all {len(parts)} comparisons hold; the closest: {nearest.says}", clear
        )
    listed = "; ".join(part.says for part in deciding[:SHOWN])
    if len(deciding) > SHOWN:
        listed += f"; and {len(deciding) - SHOWN} more"
    if holds:
        return Evidence(holds, listed, clear)
    verb = "cannot be told" if holds is None else "fails" if len(deciding) == 1 else "fail"
    return Evidence(holds, f"{len(deciding)} of {len(parts)} comparisons {verb}: {listed}", clear)
