"""What a sweep may take at most: time, or money."""

from __future__ import annotations

import re
from contextlib import suppress
from math import inf
from typing import Annotated

from pydantic import BaseModel, Field, model_validator

from sweeps.errors import UserError
from sweeps.spec.fields import STRICT

Amount = Annotated[float, Field(gt=0)]

DURATION = re.compile(r"(\d+(?:\.\d+)?) *(h|hours?|min|minutes?|s|seconds?)")

SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0}
"""Of a unit, by its first letter."""


class Budget(BaseModel):
    """What all runs of a sweep may take together. Has no influence on results."""

    model_config = STRICT
    hours: Amount | None = None
    """From when a run starts workers to its end, summed over runs."""
    cost: Amount | None = None
    """Of the workers, in the currency of `price_per_hour`."""
    price_per_hour: Amount | None = None
    """Of one worker, whether it has work or not."""

    @model_validator(mode="after")
    def _of_something(self) -> Budget:
        if self.hours is None and self.cost is None:
            raise ValueError("it has neither hours nor cost: {hours: 2}, or {cost: 20}")
        if self.cost is not None and self.price_per_hour is None:
            raise ValueError(
                "a cost needs the price of a worker: price_per_hour, or --price-per-hour"
            )
        return self


def overrides(budget: str | None, price_per_hour: float | None) -> list[str]:
    """Return what the options `--budget` and `--price-per-hour` change in a spec.

    A budget is a time, "2 h" or "90 min", or a cost, "20". Raises UserError.
    """
    found = []
    if budget is not None:
        said = DURATION.fullmatch(budget.strip())
        if said:
            hours = float(said[1]) * SECONDS[said[2][0]] / 3600
            found.append(f"budget.hours={hours!r}")
        else:
            found.append(f"budget.cost={_cost(budget)!r}")
    if price_per_hour is not None:
        if not 0 < price_per_hour < inf:
            raise UserError(f"--price-per-hour {price_per_hour:g}: must be a number above 0")
        found.append(f"budget.price_per_hour={price_per_hour!r}")
    return found


def _cost(budget: str) -> float:
    with suppress(ValueError):
        if 0 < (found := float(budget)) < inf:
            return found
    raise UserError(
        f"--budget {budget}: must be a time in h, min or s ('2 h', '90 min'), or a cost above 0 "
        "('20')"
    )
