"""Where a command looks for the user's own code, and what of it a spec names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sweeps.errors import UserError
from sweeps.loading import builtin_specs
from trainables import data, measures, networks, plugins
from trainables.plugin_sources import Source, UnusableError
from trainables.registry import OWN, PluginError

NAME = re.compile(r"([\w.]+):[\w.]+")
"""`module:object` in a spec; whether it is one depends on where it stands."""


def use(spec: str, folder: str | None) -> None:
    """Look for own code in a folder, or beside the file of a spec. Raises UserError."""
    if folder is not None:
        place = Path(folder).expanduser()
        if not place.is_dir():
            what = "this is a file" if place.exists() else "there is no such folder"
            raise UserError(f"--plugins {folder}: {what}; wanted is the folder of your own code")
        plugins.use(place)
    else:
        plugins.use(None if spec in builtin_specs() else Path(spec).expanduser().parent)


def named(raw: Mapping[str, Any]) -> list[Source]:
    """Return the modules of own code that a spec's keys name, with all that they import.

    Raises UserError.
    """
    found: dict[str, Source] = {}
    for text in _texts(raw):
        if match := NAME.fullmatch(text):
            try:
                found |= {one.module: one for one in plugins.sources(match[1])}
            except UnusableError as error:
                raise UserError(f"{text}: {error}") from None
    return [found[module] for module in sorted(found)]


def check(raw: Mapping[str, Any]) -> None:
    """Raise UserError unless all own code that a spec's keys name is there and of use.

    What depends on the data is found where they are.
    """
    recipe = raw.get("recipe")
    recipe = recipe if isinstance(recipe, Mapping) else {}
    wanted = raw.get("measure", [])
    for entry in wanted if isinstance(wanted, list) else [wanted]:
        _check(entry.get("measure") if isinstance(entry, Mapping) else entry, measures.find)
    _check(recipe.get("network"), networks.DOOR.find)
    _check(recipe.get("data"), data.DOOR.find)


def _check(name: object, find: Callable[[str], object]) -> None:
    if isinstance(name, str) and OWN.fullmatch(name):
        try:
            find(name)
        except PluginError as error:
            raise UserError(str(error)) from None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
