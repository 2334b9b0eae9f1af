"""Doors: tables of things by name, which may also be a user's own, `module:object`.

A name is built in, or an entry point of an installed package, or `module:object`. Nothing is
imported until it is asked for.
"""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

DIGITS = 12
"""Hex digits of a source's hash."""


class PluginError(ValueError):
    """What is wrong with a user's own code, in one line."""


@dataclass(frozen=True)
class Door:
    """What can be named in one place of a spec."""

    noun: str
    """What it is, for errors: `network`."""
    table: Mapping[str, str]
    """Built-in name -> `module:object`."""
    group: str
    """The group of installed packages' entry points."""

    def names(self) -> list[str]:
        """Return the names that are built in or installed."""
        return sorted({*self.table, *self._installed()})

    def find(self, name: str) -> Any:
        """Return the thing of that name. Raises KeyError if there is none, PluginError if the code
        of a user's own is of no use."""
        place = self._place(name)
        module, _, path = place.partition(":")
        if name in self.table:
            return _attribute(import_module(module), path)
        with self.calling(name):
            found = import_module(module)
        try:
            return _attribute(found, path)
        except AttributeError:
            raise PluginError(f"{self.noun} {name}: {found.__file__} has no {path!r}") from None

    def identity(self, name: str) -> str:
        """Return what identifies the code of a user's own thing; empty for a built-in one."""
        if name in self.table:
            return ""
        version = getattr(self.find(name), "__version__", None)
        if version is not None:
            return f"@{version}"
        return _source_hash(self._place(name).partition(":")[0])

    @contextmanager
    def calling(self, name: str) -> Iterator[None]:
        """Tell what a user's own code raises as a PluginError, with the file and line of it."""
        try:
            yield
        except PluginError:
            raise
        except Exception as error:
            if name in self.table:
                raise
            frames = traceback.extract_tb(error.__traceback__)
            where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
            said = f"{type(error).__name__}: {error}".splitlines()[0]
            raise PluginError(f"{self.noun} {name}: {said}{where}") from error

    def _place(self, name: str) -> str:
        """Return where a thing lies. Raises KeyError."""
        if name in self.table:
            return self.table[name]
        return name if ":" in name else self._installed()[name]

    def _installed(self) -> dict[str, str]:
        return {one.name: one.value for one in metadata.entry_points(group=self.group)}


def _attribute(module: Any, path: str) -> Any:
    found = module
    for part in path.split("."):
        found = getattr(found, part)
    return found


@cache
def _source_hash(module: str) -> str:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return hashlib.sha256(Path(spec.origin).read_bytes()).hexdigest()[:DIGITS]
