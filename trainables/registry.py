"""Doors: tables of things by name, which may also be a user's own, `module:object`.

A name is built in, or an entry point of an installed package, or `module:object`. Nothing is
imported until it is asked for. docs/how-to/own-code.md says where own code is looked for.
"""

from __future__ import annotations

import inspect
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module, metadata
from types import ModuleType
from typing import Any

from trainables import plugins
from trainables.plugin_sources import UnusableError

OWN = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
"""`module:object`; both may have dots."""

VERSION = re.compile(r"[\w.+-]{1,40}")

LENGTH = 200
"""Characters that an error quotes of what own code said."""


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
        module, _, path = self._place(name).partition(":")
        if name in self.table:
            return _attribute(import_module(module), path)
        with self.calling(name):
            return _own_attribute(plugins.imported(module), path)

    def identity(self, name: str) -> str:
        """Return what identifies the code of a user's own thing; empty for a built-in one.

        It is `@VERSION` where the object, or else its module, has a `sweeps_version`. Otherwise it
        is a hash of the sources, or the version of the installed package (`plugins.identity`).
        Raises as `find`.
        """
        if name in self.table:
            return ""
        found = self.find(name)
        module = self._place(name).partition(":")[0]
        with self.calling(name):
            for one in (found, sys.modules[module]):
                version = getattr(one, "sweeps_version", None)
                if version is not None:
                    return f"@{_checked(version)}"
            return plugins.identity(module)

    def call(self, name: str, *given: Any, **named: Any) -> Any:
        """Call a function or class by name and return what it returns.

        Raises KeyError, and PluginError where a user's own cannot be called, does not take these
        arguments, or raises.
        """
        found = self.find(name)
        with self.calling(name):
            check_call(found, given, named)
            return found(*given, **named)

    @contextmanager
    def calling(self, name: str) -> Iterator[None]:
        """Raise what a user's own code raises as a PluginError, with the file and line of it."""
        try:
            yield
        except PluginError:
            raise
        except UnusableError as error:
            raise PluginError(f"{self.noun} {name}: {error}") from None
        except (Exception, SystemExit) as error:
            if name in self.table:
                raise
            lines = f"{type(error).__name__}: {error}".splitlines()
            raise PluginError(
                f"{self.noun} {name}: {_shortened(lines[0])}{_where(error)}"
            ) from error

    def _place(self, name: str) -> str:
        """Return where a thing lies, `module:object`. Raises KeyError, PluginError."""
        if name in self.table:
            return self.table[name]
        if ":" not in name:
            place, *others = sorted(self._installed()[name])
            if others:
                raise PluginError(
                    f"{self.noun} {name}: several installed packages have one of this name; write "
                    f"{place} or {others[0]}"
                )
            return place
        if len(name) > LENGTH or not OWN.fullmatch(name):
            raise PluginError(
                f"{self.noun} {_shortened(name)}: own code is named as module:object, "
                "my_code:thing for `thing` in my_code.py"
            )
        return name

    def _installed(self) -> dict[str, set[str]]:
        """Return the places of what installed packages offer, by name."""
        found: dict[str, set[str]] = {}
        for one in metadata.entry_points(group=self.group):
            found.setdefault(one.name, set()).add(f"{one.module}:{one.attr}")
        return found


def _attribute(module: Any, path: str) -> Any:
    found = module
    for part in path.split("."):
        found = getattr(found, part)
    return found


def _own_attribute(module: ModuleType, path: str) -> Any:
    try:
        return _attribute(module, path)
    except AttributeError:
        near = get_close_matches(path, dir(module), 1)
        guess = f"; did you mean {near[0]!r}?" if near else ""
        file = plugins.shown(getattr(module, "__file__", None) or "") or module.__name__
        raise UnusableError(f"{file} has no {path!r}{guess}") from None


def _checked(version: object) -> str:
    if not isinstance(version, int | str) or isinstance(version, bool):
        raise UnusableError("its sweeps_version must be a whole number or a word")
    if not VERSION.fullmatch(str(version)):
        raise UnusableError(f"its sweeps_version {version!r:.60} must be of letters, digits, . + -")
    return str(version)


def check_call(found: Any, given: tuple[Any, ...], named: Mapping[str, Any]) -> None:
    """Raise UnusableError unless something can be called with such arguments."""
    if not callable(found):
        raise UnusableError(f"it is a {type(found).__name__}, not a function or class")
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):  # of a function in C, say: the call itself will tell
        return
    try:
        signature.bind(*given, **named)
    except TypeError as error:
        unknown = "unexpected keyword" in str(error)
        problem = _unknown(signature, named) if unknown else f"{error};"
        raise UnusableError(f"{problem} it takes {_names(signature)}{_defined(found)}") from None


def _unknown(signature: inspect.Signature, named: Mapping[str, Any]) -> str:
    """Return which of some arguments a function does not have, in a few words."""
    known = list(signature.parameters)
    wrong = next(name for name in named if name not in known)
    near = get_close_matches(wrong, known, 1)
    return f"it has no argument {wrong!r};" + (f" did you mean {near[0]!r}?" if near else "")


def _names(signature: inspect.Signature) -> str:
    """Return the names of a function's arguments with their defaults, without types."""
    bare = [one.replace(annotation=one.empty) for one in signature.parameters.values()]
    return _shortened(str(inspect.Signature(bare)))


def _defined(found: Callable[..., Any]) -> str:
    """Return where a function of own code begins, ` (my_code.py:3)`; empty for other functions."""
    function = found.__init__ if inspect.isclass(found) else found
    code = getattr(inspect.unwrap(function), "__code__", None)
    file = plugins.shown(code.co_filename) if code else None
    return f" ({file}:{code.co_firstlineno})" if code and file else ""


def _where(error: BaseException) -> str:
    """Return the last place in own code that an error went through, ` (my_code.py:12)`."""
    if isinstance(error, SyntaxError) and error.filename:
        file = plugins.shown(error.filename)
        if file:
            return f" ({file}:{error.lineno})"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = plugins.shown(frame.filename)
        if file:
            return f" ({file}:{frame.lineno})"
    return ""


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LENGTH else f"{line[: LENGTH - 3]}..."
