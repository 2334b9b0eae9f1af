"""A data set by a user's own code: `module:object`, or an entry point of an installed package.

The object is called once, and again when its source changes; what it returned is kept beside the
data, and its content names it. It is called with the data folder where it has a parameter `folder`,
else with nothing, and returns a mapping, or an object with these attributes:

    x_train, y_train, x_test, y_test, and classes if it likes     see `trainables.data.arrays`
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainables.data.errors import DataError
from trainables.data.table import DOOR, ROWS
from trainables.registry import OWN, PluginError

if TYPE_CHECKING:
    from trainables.data.decoded import Decoded


def is_own(name: str) -> bool:
    """Return whether a name is of a user's own code or of an installed package's entry point."""
    if OWN.fullmatch(name):
        return True
    return name not in ROWS and name in DOOR.names()


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
            given = DOOR.call(self.name, **self._arguments())
        except PluginError as error:
            raise DataError(str(error)) from None
        return arranged(_mapping(given), f"data set {self.name}")

    def _arguments(self) -> dict[str, Path]:
        """Return the data folder where the code has a parameter for it."""
        try:
            parameters = inspect.signature(DOOR.find(self.name)).parameters
        except (TypeError, ValueError):  # it is written in C, or no function: the call will tell
            return {}
        return {"folder": self.folder} if "folder" in parameters else {}


def _mapping(given: Any) -> Mapping[str, Any]:
    """Return a mapping, or an object's attributes that have to do with data."""
    if isinstance(given, Mapping):
        return given
    names = ("x_train", "y_train", "x_test", "y_test", "classes")
    return {name: getattr(given, name) for name in names if hasattr(given, name)}
