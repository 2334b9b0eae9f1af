"""What a measure is: a function of trained networks, and what planning and records need of it.

A measure is one file: ours is a row of `trainables.measures.MEASURES`, a user's own is named as
`module:object` in a spec. The declaration imports no torch at module level, so that planning does
not either; a user's own may.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from trainables.jobs.kinds import Work

if TYPE_CHECKING:
    pass

Value = float | Sequence[float] | Mapping[str, float]
"""Of a column: one number; or one per place on its axis, as a list or by the places' names."""

Values = Mapping[str, Value]
"""By the names of a measure's columns."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One thing that a measure says."""

    name: str
    """Unique among all measures: begin it with the measure's name. Letters, digits, `_`."""
    unit: str = ""
    """`%`, `nats`, ...; empty for a number without one."""
    axis: str | None = None
    """What it has several values along: `alpha`, `layer`, ...; None: it is one number."""
    low: float | None = None
    """Lowest possible value, if there is one: intervals of means are cut off there."""
    high: float | None = None
    """Highest possible value, if there is one."""
    about: str = ""
    """What it is, in a few words for reports."""


@dataclass(frozen=True)
class NoOptions:
    """Of a measure that has none."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A function of the weights of trained networks.

    `compute(weights, context, options)` gets `arity` networks' weights (name -> tensor, on the
    recipe's device), a `Context` (data, recipe, masks, scores of networks, progress) and an
    instance of `Options`. It returns a value for each of `columns`: a float; or, for a column
    with an axis, a list or a mapping of names to floats. Whatever it raises fails this measurement
    alone.
    """

    name: str
    """What columns and reports call it."""
    columns: tuple[Column, ...]
    """What it returns values for."""
    compute: Callable[..., Values]
    """The function, as described above."""
    arity: int = 2
    """Networks that it compares. A measure of 1 is measured on each network of a pair, and its
    columns are recorded as NAME_1 and NAME_2."""
    version: int = 1
    """Raised when values come out otherwise: they are measured anew."""
    Options: type = NoOptions
    """A frozen dataclass. Its fields are what a spec may set; one that equals its default is left
    out of keys."""
    work: Callable[[Any], Work] = lambda options: Work(passes=2)
    """What a measurement with some options takes."""
    derived_from: str = ""
    """Another measure, from whose values this one follows: `compute` gets these in place of
    weights, and no context. Nothing more is evaluated; what is stored is the other one's."""
    origins: bool = False
    """Whether `weights` begins with those of W_0 and W_k, from which the networks were copied.
    They are as they were, unpruned; their masks in the context are those of the first network."""
    while_training: bool = False
    """Whether it is measured of the copies' states while they are trained side by side. `compute`
    is called every `options.every` iterations, returns numbers, and all columns have the axis
    `iteration`."""
    of_levels: bool = False
    """Whether it takes networks of two levels of one chain of masks, the sparser second."""
    takes_diverged: bool = False
    """Whether it copes with weights that are NaN or infinite. If not, every column is NaN where a
    network diverged."""

    def __post_init__(self) -> None:
        if self.arity not in (1, 2):
            raise ValueError(f"the measure {self.name} compares {self.arity} networks, not 1 or 2")
        on_the_way = {column.axis for column in self.columns} == {"iteration"}
        options = getattr(self.Options, "__dataclass_fields__", {})
        if self.while_training and not (on_the_way and "every" in options):
            raise ValueError(
                f"the measure {self.name} is taken while networks are trained: its columns need "
                "the axis iteration, and its Options a field every"
            )
        parameters = getattr(self.Options, "__dataclass_params__", None)
        if not (parameters and parameters.frozen):
            raise ValueError(f"Options of the measure {self.name} must be a frozen dataclass")
        names = [column.name for column in self.columns]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"the measure {self.name} has no columns, or two of one name")

    def of_a_state(self) -> Measure:
        """Return the measure of networks as they are at one iteration."""
        columns = tuple(replace(column, axis=None) for column in self.columns)
        return replace(self, columns=columns, while_training=False)

    @property
    def numbers(self) -> tuple[Column, ...]:
        """The columns of one number."""
        return tuple(column for column in self.columns if column.axis is None)

    @property
    def curves(self) -> tuple[Column, ...]:
        """The columns with an axis."""
        return tuple(column for column in self.columns if column.axis is not None)

    def nothing(self) -> Values:
        """Return the values where a network diverged, and nothing can be measured."""
        return {column.name: math.nan if column.axis is None else [] for column in self.columns}
