"""How numbers read in tables, sentences and figures."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import pandas as pd

UNKNOWN = "–"


def number(value: float, *, signed: bool = False) -> str:
    """One decimal, as in the papers; never a negative zero; a dash for NaN."""
    if pd.isna(value):
        return UNKNOWN
    text = f"{value:{'+' if signed else ''}z.1f}".replace("-", "−")
    return "0.0" if text == "+0.0" else text


def weights(percent: float) -> str:
    """A share of weights: one decimal from 1 % on, two digits below it."""
    return f"{percent:.1f}" if percent >= 1 else f"{percent:.2g}"


def spread(mean: float, std: float) -> str:
    """Mean ± standard deviation; the mean alone where there is no deviation."""
    return number(mean) if pd.isna(mean) or pd.isna(std) else f"{number(mean)} ± {number(std)}"


def interval(low: float, high: float, *, signed: bool = False) -> str:
    """ "0.4 to 1.8"; a dash where there is none."""
    if pd.isna(low):
        return UNKNOWN
    return f"{number(low, signed=signed)} to {number(high, signed=signed)}"


def extent(values: pd.Series, unit: str) -> str:
    """The smallest and the largest of some values: "0.5 to 1.5 %"; NaN are left out."""
    low, high = number(values.min()), number(values.max())
    return f"{low} {unit}" if low == high else f"{low} to {high} {unit}"


def listed(items: list[Any]) -> str:
    """ "0", "0 and 20", "0, 20 and 120"."""
    words = [str(item) for item in items]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def spans(numbers: Iterable[int]) -> str:
    """Return whole numbers with runs of three and more in short: "0, 2 to 5, 8"."""
    parts: list[str] = []
    for _, run in groupby(enumerate(sorted(numbers)), key=lambda one: one[1] - one[0]):
        own = [number for _, number in run]
        parts += [f"{own[0]} to {own[-1]}"] if len(own) > 2 else map(str, own)
    return ", ".join(parts)
