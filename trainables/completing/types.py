"""Whether a value is of the type that a field declares."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from trainables.wording import shown

NAMES: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    dict: "a mapping",
    NoneType: "nothing",
}
"""Type -> what errors call a value of it."""


def fitted(value: Any, hint: Any) -> Any:
    """Return a value as a type declares it: a list as a tuple, a number of numpy's as Python's own.

    Types of other kinds than numbers, text, truth values, choices, lists and mappings take any
    value. Raises ValueError, whose text says what is wanted.
    """
    found = _fitted(value, hint)
    if found is _NO:
        raise ValueError(f"must be {described(hint)}, not {shown(value)}")
    return found


def described(hint: Any) -> str:
    """Return what a value of a type is, in words."""
    if get_origin(hint) is Literal:
        return f"one of {', '.join(map(str, get_args(hint)))}"
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(described(one) for one in get_args(hint))
    if get_origin(hint) in (tuple, list):
        return f"a list, each {described(get_args(hint)[0])}" if get_args(hint) else "a list"
    origin = get_origin(hint) or hint
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return NAMES[dict]
    return NAMES.get(origin, f"a {getattr(origin, '__name__', origin)}")


_NO = object()


def _fitted(value: Any, hint: Any) -> Any:
    if hasattr(value, "item") and not getattr(value, "shape", None):  # a number of numpy's
        value = value.item()
    origin = get_origin(hint) or hint
    if origin is Literal:
        return value if any(value is one or value == one for one in get_args(hint)) else _NO
    if origin in (Union, UnionType):
        each = (_fitted(value, one) for one in get_args(hint))
        return next((one for one in each if one is not _NO), _NO)
    if origin in (tuple, list):
        return _of_list(value, hint)
    if origin is float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return float(value) if number and math.isfinite(value) else _NO
    if origin is int:
        return value if isinstance(value, int) and not isinstance(value, bool) else _NO
    if origin in (bool, str, NoneType):
        return value if isinstance(value, origin) else _NO
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return value if isinstance(value, Mapping) else _NO
    return value


def _of_list(value: Any, hint: Any) -> Any:
    if not isinstance(value, list | tuple):
        return _NO
    inside = [one for one in get_args(hint) if one is not Ellipsis]
    if len(inside) > 1 and len(inside) != len(value):
        return _NO
    hints = inside if len(inside) > 1 else (inside or [Any]) * len(value)
    parts = [_fitted(one, kind) for one, kind in zip(value, hints, strict=True)]
    return _NO if any(part is _NO for part in parts) else (get_origin(hint) or hint)(parts)
