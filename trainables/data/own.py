"""A data set by a user's own code: `module:object`, or an entry point of an installed package.

The object is called once, and again when its source changes; what it returned is kept beside the
data, and its content names it. It is called with the data folder where it has a parameter `folder`,
else with nothing, and returns a mapping, or an object with these attributes:

    x_train, y_train, x_test, y_test, and classes if it likes     see `trainables.data.arrays`
"""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainables.data.errors import DataError
from trainables.data.table import DOOR, ROWS
from trainables.registry import PluginError

if TYPE_CHECKING:
    from trainables.data.decoded import Decoded

_OBJECT = re.compile(r"[^\W\d]\w*(\.\w+)*:[^\W\d]\w*(\.\w+)*")


def is_own(name: str) -> bool:
    """Return whether a name is of a user's own code or of an installed package's entry point."""
    if _OBJECT.fullmatch(name):
        return True
    return name.isidentifier() and name not in ROWS and name in DOOR.names()


@dataclass(frozen=True)
class OwnData:
    """What a user's own code returns, as a data set."""

    name: str
    folder: Path
    """The data folder."""

    @property
    def doing(self) -> str:
        return f"calling {self.name}"

    @property
    def changed(self) -> str:
        return f"data set {self.name} returned other data when the sweep was planned"

    def note(self) -> str:
        """Return the name of the note, which is another when the code is."""
        try:
            seen = f"{self.name}\0{DOOR.identity(self.name)}"
        except PluginError as error:
            raise DataError(str(error)) from None
        return f"own-{hashlib.sha256(seen.encode()).hexdigest()[:16]}"

    def read(self, announce: Callable[[str], None]) -> tuple[str, Decoded]:
        """Return content name and examples. Raises DataError."""
        from trainables.data.arrays import arranged

        try:
            function = DOOR.find(self.name)
            arguments = self._arguments(function)
            with DOOR.calling(self.name):
                given = function(**arguments)
        except PluginError as error:
            raise DataError(str(error)) from None
        return arranged(_mapping(given), f"data set {self.name}")

    def _arguments(self, function: Any) -> dict[str, Any]:
        if not callable(function):
            raise DataError(
                f"data set {self.name} is a {type(function).__name__}; it must be a function that "
                "returns x_train, y_train, x_test and y_test"
            )
        with DOOR.calling(self.name):
            parameters = inspect.signature(function).parameters
        arguments = {"folder": self.folder} if "folder" in parameters else {}
        for name, parameter in parameters.items():
            wanted = parameter.default is parameter.empty and parameter.kind not in (
                parameter.VAR_POSITIONAL,
                parameter.VAR_KEYWORD,
            )
            if (wanted and name not in arguments) or (
                name in arguments and parameter.kind is parameter.POSITIONAL_ONLY
            ):
                raise DataError(
                    f"data set {self.name} has the parameter {name!r}, but is called with the "
                    "keyword folder, or with nothing"
                )
        return arguments


def _mapping(given: Any) -> Mapping[str, Any]:
    """Return a mapping, or an object's attributes that have to do with data."""
    if isinstance(given, Mapping):
        return given
    names = ("x_train", "y_train", "x_test", "y_test", "classes")
    return {name: getattr(given, name) for name in names if hasattr(given, name)}
