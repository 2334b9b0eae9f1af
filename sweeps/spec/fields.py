"""The kinds of values that a spec holds: seeds, levels, rewind points and lengths."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from sweeps.errors import shown
from trainables.completing.lengths import UNITS
from trainables.completing.misfit import Misfit
from trainables.completing.misfit import Where as Where
from trainables.completing.subnetworks import MAX_LEVEL as MAX_LEVEL
from trainables.seeds import MAX_SEED as MAX_SEED

STRICT = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

RANGE = re.compile(r"([0-9]{1,9})\s*-\s*([0-9]{1,9})")
"""Of levels."""

MAX_SEEDS = 1_000_000
"""Seeds in a list, which are counted before the list is built."""


def error_at(where: Where, message: str) -> PydanticCustomError:
    """Return the error of a part of the spec that is found while the whole is looked at."""
    return PydanticCustomError("at", "{message}", {"message": message, "at": where})


def error_of(misfit: Misfit) -> PydanticCustomError:
    """Return the error that says what a misfit says."""
    return error_at(misfit.where, str(misfit))


def unfit() -> PydanticCustomError:
    """Return the error of a value of a kind that is not wanted; `wording` knows which is."""
    return PydanticCustomError("unfit", "another kind of value is wanted")


def distinct(values: list[Any]) -> list[Any]:
    """Return the values. Raises ValueError if one is listed twice."""
    seen = set()
    for value in values:
        if value in seen:
            raise ValueError(f"{shown(value)} is listed twice")
        seen.add(value)
    return values


def one_or_more(value: Any) -> Any:
    """`reset` is short for a list of one."""
    return [value] if isinstance(value, str) else value


def _seeds(value: Any) -> Any:
    """`3` means the seeds 1, 2 and 3."""
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 1:
            raise ValueError(f"{shown(value)} seeds are too few: at least 1")
        if value > MAX_SEEDS:
            raise ValueError(f"{shown(value)} seeds are too many: at most {MAX_SEEDS:,}")
        return list(range(1, value + 1))
    return value


def _levels(value: Any) -> Any:
    """`1-15` means the levels 1, 2, ..., 15, alone or within a list."""
    entries = value if isinstance(value, list) else [value]
    found: list[Any] = []
    for entry in entries:
        if not (isinstance(entry, str) and (ends := RANGE.fullmatch(entry))):
            found.append(entry)
            continue
        first, last = int(ends[1]), int(ends[2])
        if first > last:
            raise ValueError(f"{entry} is the wrong way round: write {last}-{first}")
        if last > MAX_LEVEL:
            raise ValueError(f"{entry} goes past the last pruning level there is, {MAX_LEVEL}")
        found += range(first, last + 1)
    return found if isinstance(value, list) or found != [value] else value


Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]
Level = Annotated[int, Field(ge=1, le=MAX_LEVEL)]

# How a user writes values that a validator turns into others: for the schema (sweeps/schema).
Number = Annotated[int, Field(ge=1, le=MAX_SEEDS, description="So many seeds: 1 to this number.")]
SeedList = Annotated[list[Seed], Field(min_length=1)]
LevelRange = Annotated[
    str, Field(pattern=f"^{RANGE.pattern}$", description="A range of levels, both ends included.")
]
LevelList = Annotated[list[Level | LevelRange], Field(min_length=1)]

Seeds = Annotated[
    list[Seed],
    BeforeValidator(_seeds, json_schema_input_type=Number | SeedList),
    Field(min_length=1),
]
Levels = Annotated[
    list[Level],
    BeforeValidator(_levels, json_schema_input_type=LevelRange | LevelList),
    Field(min_length=1),
]


def _has_unit(value: Any) -> bool:
    return isinstance(value, str) and UNITS.fullmatch(value) is not None


def _iterations_or_unit(value: Any) -> Any:
    if isinstance(value, bool) or not (isinstance(value, int) or _has_unit(value)):
        raise unfit()
    return value


def _number_or_share(value: Any) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and not math.isfinite(value):
        raise unfit()
    if not number and not (_has_unit(value) and value.endswith("%")):
        raise unfit()
    return value


def _examples(value: Any) -> Any:
    number = isinstance(value, int) and not isinstance(value, bool)
    if value != "all" and not (number and value >= 1):
        raise unfit()
    return value


def _share(value: Any) -> Any:
    """`9 %` is a share between 0 and 100 %."""
    if not (_has_unit(value) and value.endswith("%") and 0 < float(value[:-1]) < 100):
        raise unfit()
    return value


def _accuracy_lost(value: Any) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if value not in ("one-std", "bands-overlap") and not (number and 0 <= value <= 100):
        raise unfit()
    return value


def _not_negative(value: int | str) -> int | str:
    if isinstance(value, int) and value < 0:
        raise ValueError(f"rewind point {value} lies before the start of training")
    return value


Iterations = Annotated[int, Field(ge=0, description="Iterations.")]
LengthText = Annotated[
    str,
    Field(
        pattern=f"^(?:{UNITS.pattern})$",
        description="A share of training, '5 %'; '10 epochs'; or '600 iterations'.",
        examples=["5 %", "10 epochs"],
    ),
]
Percent = Annotated[
    str, Field(pattern=r"^\d+(?:\.\d+)? *%$", description="A share, '10 %'.", examples=["10 %"])
]
Points = Annotated[float, Field(ge=0, le=100, description="Percentage points of accuracy.")]

AccuracyLost = Annotated[
    Literal["one-std", "bands-overlap"] | float,
    BeforeValidator(
        _accuracy_lost, json_schema_input_type=Literal["one-std", "bands-overlap"] | Points
    ),
]
Length = Annotated[
    int | str, BeforeValidator(_iterations_or_unit, json_schema_input_type=Iterations | LengthText)
]
Rate = Annotated[
    float | str, BeforeValidator(_number_or_share, json_schema_input_type=float | Percent)
]
Examples = Annotated[
    Literal["all"] | int,
    BeforeValidator(_examples, json_schema_input_type=Literal["all"] | Annotated[int, Field(ge=1)]),
]
Share = Annotated[str, BeforeValidator(_share, json_schema_input_type=Percent)]
RewindPoint = Annotated[Length, AfterValidator(_not_negative)]
Rewind = Annotated[list[RewindPoint], Field(min_length=1)]
