"""Options of a measure or a pruning method, checked against its `Options`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_type_hints

from trainables.completing.misfit import Misfit, Where
from trainables.completing.types import fitted
from trainables.wording import one_line


def checked(kind: type, options: Mapping[str, Any], here: Where, whose: str) -> dict[str, Any]:
    """Return options that a dataclass `Options` has and takes, of the types that it declares.

    Raises Misfit.
    """
    known = [field.name for field in fields(kind)]
    for name in options:
        if name not in known:
            allowed = f"allowed: {', '.join(known)}" if known else f"{whose} has none"
            raise Misfit((*here, str(name)), f"unknown option; {allowed}")
    hints, given = _hints(kind), {}
    for name, value in options.items():
        try:
            given[name] = fitted(value, hints.get(name, Any))
        except ValueError as error:
            raise Misfit((*here, name), one_line(str(error), 200)) from None
    try:
        made: Any = kind(**given)
    except ValueError as error:  # what its author wants of the values
        raise Misfit(here, one_line(str(error), 200)) from None
    except Exception as error:
        raise Misfit(here, one_line(f"{type(error).__name__}: {error}", 200)) from None
    return {name: getattr(made, name) for name in options}


def _hints(kind: type) -> dict[str, Any]:
    """Return the declared types; none where they name what cannot be found."""
    try:
        return get_type_hints(kind)
    except Exception:
        return {}
