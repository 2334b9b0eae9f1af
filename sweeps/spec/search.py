"""Searches in a spec: from which rewind point, or up to which level, something holds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Discriminator, Field, Tag, field_validator

from sweeps.spec.fields import STRICT, Level, Levels, Rewind, RewindPoint, unfit

SEARCH, LIST = "(search)", "(list)"
"""What pydantic calls the two, in the place of an error."""


def _share(value: Any) -> Any:
    """`10 %` means 0.1."""
    if isinstance(value, str):
        try:
            return float(value.removesuffix("%")) / (100 if value.endswith("%") else 1)
        except ValueError:
            raise unfit() from None
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


Per = Literal["mean", "init"]
ShareText = Annotated[
    str, Field(pattern=r"^ *[0-9.eE+-]+ *%?$", description="A share, '10 %'.", examples=["10 %"])
]
AnyShare = Annotated[float, Field(gt=0, le=1)] | ShareText
"""How a user writes a share."""


class FindRewind(BaseModel):
    """The first rewind point from which networks are stable, or matching, found by bisection."""

    model_config = STRICT
    find: Literal["stable", "matching"]
    """What holds from the rewind point on that is searched for."""
    between: Annotated[list[RewindPoint], Field(min_length=2, max_length=2)]
    """The first and the last rewind point in question."""
    within: Annotated[
        float, BeforeValidator(_share, json_schema_input_type=AnyShare), Field(gt=0, le=1)
    ] = 0.1
    """How near it is found: the share by which a rewind point may be above the one before."""
    per: Per = "mean"
    """Whether the mean of all samples is judged, as in a table of cells, or that of each init by
    itself, each with an onset of its own (LMC Figure 8)."""


class FindLevel(BaseModel):
    """The sparsest level up to which networks are stable, or matching."""

    model_config = STRICT
    find: Literal["stable", "matching"]
    """What holds up to the level that is searched for."""
    between: Annotated[list[Level], Field(min_length=2, max_length=2)]
    """The first and the last level in question."""

    @field_validator("between")
    @classmethod
    def _ascending(cls, value: list[int]) -> list[int]:
        first, last = value
        if first >= last:
            raise ValueError(f"the first, level {first}, is not before the last, level {last}")
        return value

    per: Per = "mean"
    """As of a search for a rewind point."""


def _tag(value: Any) -> str:
    return SEARCH if isinstance(value, dict | BaseModel) else LIST


RewindOrSearch = Annotated[
    Annotated[Rewind, Tag(LIST)] | Annotated[FindRewind, Tag(SEARCH)], Discriminator(_tag)
]
LevelsOrSearch = Annotated[
    Annotated[Levels, Tag(LIST)] | Annotated[FindLevel, Tag(SEARCH)], Discriminator(_tag)
]


def candidates(low: int, high: int, within: float) -> list[int]:
    """Return whole numbers from `low` to `high`, ends included, evenly spaced on a log scale.

    Each is at most the share `within` above the one before, or the next number.
    """
    points, k = [low], low
    while k < high:
        k = min(max(k + 1, int(k * (1 + within))), high)
        points.append(k)
    return points
