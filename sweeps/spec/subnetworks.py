"""Which networks a sweep is of: the dense one, its subnetworks by strategy and level, and files."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, field_validator

from sweeps.errors import did_you_mean, shown
from sweeps.spec.fields import STRICT, distinct
from sweeps.spec.files import Files as Files
from sweeps.spec.search import FindLevel, LevelsOrSearch, RewindOrSearch
from trainables.completing.subnetworks import STRATEGIES as TRAINED


class Dense(BaseModel):
    """The full network (LMC section 3)."""

    model_config = STRICT
    strategy: Literal["dense"]
    rewind: RewindOrSearch | None = None
    """Rewind points of these trials; the sweep's own if absent."""

    @property
    def levels(self) -> list[int]:
        return [0]


class Pruned(BaseModel):
    """Subnetworks of LMC section 4: IMP's, or those of the recipe's pruning method whatever it is,
    and two baselines with the same sparsity."""

    model_config = STRICT
    strategy: Literal["imp", "pruned", "random-pruning", "random-reinit"]
    levels: LevelsOrSearch
    """Pruning levels: level L leaves (1 - pruning_fraction)^L of the weights."""
    rewind: RewindOrSearch | None = None

    @field_validator("levels")
    @classmethod
    def _levels_distinct(cls, value: list[int] | FindLevel) -> list[int] | FindLevel:
        return distinct(value) if isinstance(value, list) else value


STRATEGIES = (*TRAINED, "files")
"""Of a subnetwork in a spec."""


def _with_strategy(value: Any) -> Any:
    """`dense` is short for `{strategy: dense}`."""
    if isinstance(value, str):
        value = {"strategy": value}
    strategy = value.get("strategy") if isinstance(value, dict) else None
    if not isinstance(strategy, str):
        raise ValueError(
            "a subnetwork is dense, or a mapping with a strategy: {strategy: imp, levels: [3]}"
        )
    if strategy not in STRATEGIES:
        raise ValueError(f"unknown strategy {shown(strategy)}{did_you_mean(strategy, STRATEGIES)}")
    return value


Subnetwork = Annotated[
    Annotated[Dense | Pruned | Files, Field(discriminator="strategy")],
    BeforeValidator(_with_strategy),
]
