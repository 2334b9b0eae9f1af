"""What a sweep measures of its networks: names of measures, with their options."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, asdict, fields
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field

from trainables.completing.measures import Entry, Written
from trainables.jobs.kinds import Work
from trainables.measures import Column, Wanted


def _entry(value: Any) -> Entry:
    if isinstance(value, Written | Wanted):
        return value
    if isinstance(value, str):
        return Written(value, {})
    if isinstance(value, dict) and _is_stored(value):
        return _from_stored(value)
    name = value.get("measure") if isinstance(value, dict) else None
    if not isinstance(name, str):
        raise ValueError(
            "a measure is its name, or a mapping of name and options: "
            "{measure: instability, points: 50}"
        )
    return Written(name, {key: item for key, item in value.items() if key != "measure"})


def _is_stored(value: Mapping[str, Any]) -> bool:
    """Whether a mapping is a measure as stored, of an earlier version perhaps."""
    known = fields(Wanted)
    needed = {field.name for field in known if field.default is MISSING}
    return needed <= value.keys() <= {field.name for field in known}


def _from_stored(value: Mapping[str, Any]) -> Wanted:
    options = tuple((str(name), item) for name, item in value["options"])
    columns = tuple(Column(**column) for column in value["columns"])
    return Wanted(
        **{**value, "options": options, "columns": columns, "work": Work(**value["work"])}
    )


def stored(wanted: Iterable[Wanted]) -> list[dict[str, Any]]:
    """Return measures as JSON-able values, which stand in a stored spec."""
    return [{**asdict(one), "options": [list(option) for option in one.options]} for one in wanted]


def written(one: Mapping[str, Any], shared: Mapping[str, Any]) -> str | dict[str, Any]:
    """Return a stored measure as a user writes it, without the options that a spec shares."""
    options = {name: value for name, value in one["options"] if value != shared.get(name)}
    return {"measure": one["measure"], **options} if options else str(one["measure"])


def batchnorm(instability: Wanted) -> str:
    """Return what BatchNorm's statistics are along a path, in words."""
    how = str(dict(instability.options).get("batchnorm", "interpolate"))
    batches = instability.work.batches // max(instability.work.points - 2, 1)
    return f"{how} ({batches} batches)" if batches else how


def _entries(value: Any) -> Any:
    """`measure: distance` is short for a list of one."""
    if isinstance(value, tuple):
        return list(value)
    return [value] if isinstance(value, str | dict) else value


if TYPE_CHECKING:
    Measures = tuple[Wanted, ...]
    """What `resolve` makes of the entries."""
else:
    Measures = Annotated[
        list[Annotated[Any, BeforeValidator(_entry)]],
        BeforeValidator(_entries),
        Field(min_length=1, max_length=100, validate_default=True),
    ]
