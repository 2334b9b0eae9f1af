"""Which networks a sweep is of: the dense one, its subnetworks by strategy and level, and files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, Field, PrivateAttr, field_validator

from sweeps.errors import did_you_mean, shown
from sweeps.spec.fields import (
    MAX_LEVEL,
    STRICT,
    Examples,
    Levels,
    Share,
    Where,
    distinct,
    error_at,
    error_of,
)
from sweeps.spec.files import Files as Files
from sweeps.spec.search import FindLevel, LevelsOrSearch, RewindOrSearch
from trainables.completing.misfit import Misfit
from trainables.completing.subnetworks import STRATEGIES as TRAINED
from trainables.completing.subnetworks import levels_until
from trainables.jobs.perturbation import Norm
from trainables.pruning.adaptive import Adaptive, Loss
from trainables.recipe import Recipe


class Dense(BaseModel):
    """The full network (LMC section 3)."""

    model_config = STRICT
    strategy: Literal["dense"]
    """All weights are trained."""
    rewind: RewindOrSearch | None = None
    """Rewind points of these trials; the sweep's own if absent."""

    options: ClassVar[None] = None
    """Of the strategy, as `Lineage.arm` takes them."""

    @property
    def levels(self) -> list[int]:
        return [0]


class Pruned(BaseModel):
    """Subnetworks of LMC section 4: IMP's, or those of the recipe's pruning method whatever it is,
    and two baselines with the same sparsity."""

    model_config = STRICT
    strategy: Literal["imp", "pruned", "random-pruning", "random-reinit"]
    """`imp`: iterative magnitude pruning; `pruned`: as the recipe's `pruning_method` has it;
    `random-pruning`: as many random weights of each layer; `random-reinit`: IMP's mask with fresh
    initial weights."""
    levels: LevelsOrSearch
    """Pruning levels: level L leaves (1 - pruning_fraction)^L of the weights."""
    rewind: RewindOrSearch | None = None
    """Rewind points of these trials; the sweep's own if absent."""
    options: ClassVar[None] = None

    @field_validator("levels")
    @classmethod
    def _levels_distinct(cls, value: list[int] | FindLevel) -> list[int] | FindLevel:
        return distinct(value) if isinstance(value, list) else value


class ImpAdaptive(BaseModel):
    """IMP that prunes as much at a level as the training loss allows (Unmasking section 2.2).

    How many levels there are is an outcome. Each prunes at least `pruning_fraction`, so that there
    are at most as many as with a fixed fraction.
    """

    model_config = STRICT
    strategy: Literal["imp-adaptive"]
    """IMP whose levels prune as much as the training loss allows."""
    until_left: Share
    """Share of the prunable weights, "9 %": the first level that leaves at most so many is the
    last one."""
    loss: Loss = "evaluated"
    """Of which losses of the dense network's last epoch the threshold is made: `evaluated` with
    its final weights, or as they occurred while it was `trained`."""
    examples: Examples = 2000
    """Training examples, a fixed sample, on which losses along paths are evaluated."""
    points: Annotated[int, Field(ge=2, le=1000)] = 11
    """Evenly spaced points of a path, ends included."""
    rewind: RewindOrSearch | None = None
    """Rewind points of these trials; the sweep's own if absent."""

    _most_levels: int = PrivateAttr(default=MAX_LEVEL)

    @property
    def share(self) -> float:
        """`until_left` in percent."""
        return float(self.until_left.removesuffix("%"))

    @property
    def most_levels(self) -> int:
        """How many prunings there are at most."""
        return self._most_levels

    @property
    def levels(self) -> list[int]:
        """All levels that there may be."""
        return list(range(1, self.most_levels + 1))

    @property
    def options(self) -> Adaptive:
        examples = None if self.examples == "all" else self.examples
        return Adaptive(loss=self.loss, examples=examples, points=self.points)

    def known(self, recipe: Recipe, where: Where) -> ImpAdaptive:
        """Return the same for a recipe, which decides how many levels there may be.

        Raises an error of the place where none leaves so few weights.
        """
        found = self.model_copy()
        try:
            found._most_levels = levels_until(self.share, recipe, (*where, "until_left"))
        except Misfit as misfit:
            raise error_of(misfit) from None
        return found


class Perturbed(BaseModel):
    """The dense network, perturbed at the rewind point as far as pruning to a level would move it,
    but in a random direction (Unmasking appendix D)."""

    model_config = STRICT
    strategy: Literal["perturbed"]
    """The dense network, moved in a random direction."""
    levels: Levels = [1]
    """Pruning levels of the masks whose projection is as long."""
    norm: Norm = "rewound"
    """Of which weights the pruned part is as long: those of W_k (`rewound`), or those of the dense
    network `trained` from there."""
    rewind: RewindOrSearch | None = None
    """Rewind points of these trials; the sweep's own if absent."""

    _levels_distinct = field_validator("levels")(distinct)

    @property
    def options(self) -> Norm:
        return self.norm


Trained = Dense | Pruned | ImpAdaptive | Perturbed
"""Whose networks are trained here."""


def check_options(subnetworks: Iterable[Trained | Files]) -> None:
    """Raise an error where a strategy is listed twice with different options."""
    found: dict[str, object] = {}
    for index, one in enumerate(subnetworks):
        if isinstance(one, Files):
            continue
        if found.setdefault(one.strategy, one.options) != one.options:
            raise error_at(
                ("subnetworks", index),
                f"{one.strategy} is listed before with other options, and results would not tell "
                "them apart; run another sweep",
            )


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


AnySubnetwork = Annotated[Trained | Files, Field(discriminator="strategy")]
Subnetwork = Annotated[
    AnySubnetwork,
    BeforeValidator(
        _with_strategy, json_schema_input_type=Literal["dense", "perturbed"] | AnySubnetwork
    ),
]
