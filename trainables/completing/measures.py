"""What is measured: names of measures with their options, checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass, fields
from typing import Any

from trainables import measures
from trainables.completing.lengths import in_iterations
from trainables.completing.misfit import Misfit, Where
from trainables.completing.options import checked
from trainables.measures import Wanted
from trainables.recipe import Recipe
from trainables.registry import PluginError
from trainables.wording import did_you_mean, shown

COLUMN = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
"""Names of columns, which become those of MLflow's metrics."""

ACCURACIES = {"accuracy", "instability"}
"""Measures that share columns; they are never of one trial (`fit.check_kinds`)."""

RESERVED = {"weights_left", "weights_left_2"}
"""Columns of every trial, whatever is measured."""


@dataclass(frozen=True)
class Written:
    """A measure as a user writes it: `distance`, or `{measure: instability, points: 50}`."""

    measure: str
    options: Mapping[str, Any]


Entry = Written | Wanted
"""`Wanted` where it comes from a stored spec, in which all is spelled out."""


def written(value: Any) -> list[Written]:
    """Return measures as a configuration of Python has them: a name, a mapping, or a list of these.

    Raises Misfit.
    """
    entries = value if isinstance(value, list | tuple) else [value]
    if not entries:
        raise Misfit(("measure",), "names no measure")
    found = []
    for index, one in enumerate(entries):
        options = {"measure": one} if isinstance(one, str) else one
        if not isinstance(options, Mapping) or not isinstance(options.get("measure"), str):
            raise Misfit(
                ("measure", index),
                "must be a measure's name, or a mapping of name and options: "
                "{'measure': 'instability', 'points': 50}",
            )
        own = {str(name): item for name, item in options.items() if name != "measure"}
        found.append(Written(options["measure"], own))
    return found


def resolve(
    entries: Iterable[Entry], shared: Mapping[str, Any], recipe: Recipe
) -> tuple[Wanted, ...]:
    """Return the measures of a spec; `shared` are its values for options that measures share.

    An option `every` is in iterations of the recipe then. Raises an error of the place where a
    measure is unknown, or an option is wrong; or two measures record columns of one name.
    """
    found = []
    for index, entry in enumerate(entries):
        found.append(entry if isinstance(entry, Wanted) else _wanted(entry, shared, recipe, index))
    named: dict[str, str] = {}
    """Name of a recorded column -> the measure that comes first with it."""
    for index, one in enumerate(found):
        if one in found[:index]:
            raise Misfit(("measure", index), f"{shown(one.measure)} is listed twice")
        for column in one.columns:
            other = named.setdefault(f"{column.name}{one.suffix}", one.measure)
            if other != one.measure and {other, one.measure} != ACCURACIES:
                raise Misfit(
                    ("measure", index),
                    f"{one.measure} has a column {column.name!r}, and so has {other}: name it "
                    "otherwise",
                )
    return tuple(found)


def _wanted(entry: Written, shared: Mapping[str, Any], recipe: Recipe, index: int) -> Wanted:
    here = ("measure", index)
    name = entry.measure
    try:
        measure = measures.find(name)
    except KeyError:
        guess = did_you_mean(name, measures.DOOR.names())
        raise Misfit(
            here, f"unknown measure {shown(name)}{guess}, or module:object of your own"
        ) from None
    except PluginError as error:
        raise Misfit(here, str(error)) from None
    for column in measure.columns:
        if not COLUMN.fullmatch(column.name) or column.name in RESERVED:
            raise Misfit(
                here,
                f"the column {shown(column.name)} of {name} needs another name: letters, "
                "digits and '_'",
            )
    options = checked(measure.Options, entry.options, here, "this measure")
    if measure.while_training:
        usual: Any = next(one.default for one in fields(measure.Options) if one.name == "every")
        if "every" in options:
            options["every"] = _iterations(options["every"], recipe, (*here, "every"))
        with suppress(Misfit) if "every" in options else nullcontext():
            shared = {**shared, "every": _iterations(usual, recipe, here)}
    try:
        return measures.wanted(name, options, shared)
    except PluginError as error:
        raise Misfit(here, str(error)) from None


def _iterations(every: int | str, recipe: Recipe, here: Where) -> int:
    """Return the iterations from one measurement to the next. Raises Misfit."""
    try:
        iterations = in_iterations(every, asdict(recipe))
    except ValueError as error:
        raise Misfit(here, str(error)) from None
    if not 1 <= iterations <= recipe.iterations:
        raise Misfit(
            here,
            f"must be from 1 to {recipe.iterations} iterations (all of training), not "
            f"{shown(every)}",
        )
    return iterations
