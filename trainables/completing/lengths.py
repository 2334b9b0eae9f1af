"""Lengths of training and rewind points: iterations, shares of training, epochs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from trainables import data
from trainables.contradictions import MAX_ITERATIONS
from trainables.wording import shown

UNITS = re.compile(r"\d+(\.\d+)? *(%|epochs?)")
"""Of lengths and rewind points that are not given in iterations."""


def in_iterations(length: int | str, recipe: Mapping[str, Any]) -> int:
    """Return a rewind point or length of a recipe's training in iterations.

    `recipe` has the fields `iterations` (T, for shares of it), `data`, `batch_size` and
    `last_batch`. Raises ValueError for other units, and above MAX_ITERATIONS.
    """
    if isinstance(length, str) and not UNITS.fullmatch(length):
        raise ValueError(f"must be iterations (120), '2 %' or '5 epochs', not {shown(length)}")
    if isinstance(length, int):
        iterations: float = length
    else:
        number = float(length.rstrip(" %epochs"))
        if length.endswith("%"):
            iterations = recipe["iterations"] * number / 100
        else:
            iterations = number * data.iterations_per_epoch(
                recipe["data"], recipe["batch_size"], recipe["last_batch"]
            )
    if iterations > MAX_ITERATIONS:
        raise ValueError(f"{shown(length)} is too long: at most {MAX_ITERATIONS:,} iterations")
    return round(iterations)
