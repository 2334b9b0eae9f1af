"""What a sweep measures of its networks: names of measures, with their options."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field

from sweeps.errors import did_you_mean, shown
from sweeps.spec.fields import error_at
from sweeps.spec.options import checked
from trainables import measures
from trainables.jobs.kinds import Work
from trainables.measures import Column, Wanted
from trainables.registry import PluginError

COLUMN = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
"""Names of columns, which become those of MLflow's metrics."""

RESERVED = {"weights_left"}
"""Columns of every trial, whatever is measured."""


@dataclass(frozen=True)
class Written:
    """A measure as a user writes it: `distance`, or `{measure: instability, points: 50}`."""

    measure: str
    options: Mapping[str, Any]


Entry = Written | Wanted
"""`Wanted` where it comes from a stored spec, in which all is spelled out."""


def _entry(value: Any) -> Entry:
    if isinstance(value, Written | Wanted):
        return value
    if isinstance(value, str):
        return Written(value, {})
    if isinstance(value, dict) and value.keys() == {field.name for field in fields(Wanted)}:
        return _from_stored(value)
    name = value.get("measure") if isinstance(value, dict) else None
    if not isinstance(name, str):
        raise ValueError(
            "a measure is its name, or a mapping of name and options: "
            "{measure: instability, points: 50}"
        )
    return Written(name, {key: item for key, item in value.items() if key != "measure"})


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


def resolve(entries: Iterable[Entry], shared: Mapping[str, Any]) -> tuple[Wanted, ...]:
    """Return the measures of a spec; `shared` are its values for options that measures share.

    Raises an error of the place where a measure is unknown, or an option is wrong; or two
    measures record columns of one name.
    """
    found = []
    for index, entry in enumerate(entries):
        found.append(entry if isinstance(entry, Wanted) else _wanted(entry, shared, index))
    named: dict[str, str] = {}
    """Name of a recorded column -> the measure that comes first with it."""
    for index, one in enumerate(found):
        if one in found[:index]:
            raise error_at(("measure", index), f"{shown(one.measure)} is listed twice")
        for column in one.columns:
            other = named.setdefault(f"{column.name}{one.suffix}", one.measure)
            if other != one.measure:
                raise error_at(
                    ("measure", index),
                    f"{one.measure} has a column {column.name!r}, and so has {other}: name it "
                    "otherwise",
                )
    return tuple(found)


def _wanted(entry: Written, shared: Mapping[str, Any], index: int) -> Wanted:
    here = ("measure", index)
    name = entry.measure
    try:
        measure = measures.find(name)
    except KeyError:
        guess = did_you_mean(name, measures.DOOR.names())
        raise error_at(
            here, f"unknown measure {shown(name)}{guess}, or module:object of your own"
        ) from None
    except PluginError as error:
        raise error_at(here, str(error)) from None
    for column in measure.columns:
        if not COLUMN.fullmatch(column.name) or column.name in RESERVED:
            raise error_at(
                here,
                f"the column {shown(column.name)} of {name} needs another name: letters, "
                "digits and '_'",
            )
    options = checked(measure.Options, entry.options, here, "this measure")
    try:
        return measures.wanted(name, options, shared)
    except PluginError as error:
        raise error_at(here, str(error)) from None
