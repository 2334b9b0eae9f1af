"""Arguments that a spec gives to a network: a mapping that can be hashed and written as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn


class Arguments(dict[str, Any]):
    """An immutable mapping of names to JSON values.

    It is a dict, so that `dataclasses.asdict` and `json.dumps` take it as it is. Two are equal
    where their JSON is: 1, 1.0 and true differ. Raises ValueError for what JSON cannot hold.
    """

    def __init__(self, given: Mapping[str, Any] | Any = ()):
        super().__init__(_plain(dict(given), ""))
        self._text = json.dumps(self, sort_keys=True)

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(self._text)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Arguments):
            return self._text == other._text
        return isinstance(other, dict) and self._text == json.dumps(
            other, sort_keys=True, default=repr
        )

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __str__(self) -> str:
        return self._text

    def __reduce__(self) -> tuple[type[Arguments], tuple[dict[str, Any]]]:
        return Arguments, (dict(self),)

    def __or__(self, more: Mapping[str, Any]) -> Arguments:  # type: ignore[override]
        return Arguments({**self, **more})

    def _immutable(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("arguments cannot be changed; make others with |")

    __setitem__ = __delitem__ = __ior__ = _immutable
    clear = pop = popitem = setdefault = update = _immutable


def _plain(value: Any, place: str) -> Any:
    """Return a copy made of dicts, lists, text, numbers, booleans and None."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            if not math.isfinite(value):
                raise ValueError(f"{place or 'an argument'} must be a finite number, not {value}")
            return value
        case list() | tuple():
            return [_plain(one, f"{place}.{index}") for index, one in enumerate(value)]
        case dict():
            if wrong := [name for name in value if not isinstance(name, str)]:
                raise ValueError(f"the name {wrong[0]!r} must be text")
            return {name: _plain(one, f"{place}.{name}".lstrip(".")) for name, one in value.items()}
    raise ValueError(
        f"{place or 'the whole'} must be text, numbers, true, false, lists or mappings, "
        f"not a {type(value).__name__}"
    )


NO_ARGUMENTS = Arguments()
