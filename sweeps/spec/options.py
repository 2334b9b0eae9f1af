"""Options of a measure or a pruning method, checked against its `Options`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from pydantic import TypeAdapter, ValidationError

from sweeps.errors import one_line, shown
from sweeps.spec.fields import error_at


def checked(
    kind: type, options: Mapping[str, Any], here: tuple[str | int, ...], whose: str
) -> dict[str, Any]:
    """Return options that a dataclass `Options` has and takes, of the types that it declares.

    Raises an error of the place that is wrong.
    """
    known = [field.name for field in fields(kind)]
    for name in options:
        if name not in known:
            allowed = f"allowed: {', '.join(known)}" if known else f"{whose} has none"
            raise error_at((*here, str(name)), f"unknown option; {allowed}")
    try:
        made: Any = TypeAdapter(kind).validate_json(json.dumps(options), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        words = str(first["msg"]).removeprefix("Value error, ")
        if first["loc"] and first["type"] != "value_error":
            words += f", not {shown(first['input'])}"
        raise error_at((*here, *first["loc"]), one_line(words, 200)) from None
    except Exception as error:  # of a user's own dataclass, or types that JSON has not
        raise error_at(here, one_line(f"{type(error).__name__}: {error}", 200)) from None
    return {name: getattr(made, name) for name in options}
