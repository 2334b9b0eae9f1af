"""Lengths of training and rewind points: iterations, shares of training, epochs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from trainables import data
from trainables.contradictions import MAX_ITERATIONS
from trainables.wording import shown

UNITS = re.compile(r"(\d+(?:\.\d+)?) *(%|epochs?)|(\d{1,18}) *iterations?")
"""Of lengths and rewind points that are not given in iterations."""


def in_iterations(length: int | str, recipe: Mapping[str, Any]) -> int:
    """Return a rewind point or length of a recipe's training in iterations.

    `recipe` has the fields `iterations` (T, for shares of it), `data`, `batch_size` and
    `last_batch`. Raises ValueError for other units, and above MAX_ITERATIONS.
    """
    said = UNITS.fullmatch(length) if isinstance(length, str) else None
    if isinstance(length, int):
        iterations: float = length
    elif said is None:
        raise ValueError(f"must be iterations (120), '2 %' or '5 epochs', not {shown(length)}")
    elif said[3]:
        iterations = int(said[3])
    elif said[2] == "%":
        iterations = recipe["iterations"] * float(said[1]) / 100
    else:
        iterations = float(said[1]) * data.iterations_per_epoch(
            recipe["data"], recipe["batch_size"], recipe["last_batch"]
        )
    if iterations > MAX_ITERATIONS:
        raise ValueError(f"{shown(length)} is too long: at most {MAX_ITERATIONS:,} iterations")
    return round(iterations)
