"""Fields of a model or dataclass as rows: name, what it takes, its default and its meaning."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import MISSING
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from docs.generate.markdown import code
from sweeps.catalogue import documents
from sweeps.spec.wording import WANTED

Row = tuple[str, str, str, str]
HEADER = ("field", "takes", "default", "meaning")


def of_model(model: type[BaseModel], place: str) -> list[Row]:
    """Return a row per field of a model, which stands at a `place` of a spec: `evaluate.`."""
    said = documents.fields(f"{model.__module__}:{model.__name__}")
    return [
        (
            code(name),
            takes(f"{place}{name}", field.annotation),
            default(field.default),
            said.get(name, ""),
        )
        for name, field in model.model_fields.items()
    ]


def takes(place: str, annotation: Any) -> str:
    """Return what a place of a spec takes, in the words that errors use."""
    if place in WANTED:
        return WANTED[place]
    return kind(annotation)


def kind(annotation: Any) -> str:
    """Return what values of a type are, in words."""
    kinds = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
    if annotation in kinds:
        return kinds[annotation]
    words = [one for one in get_args(annotation) if isinstance(one, str)]
    if words:
        return " or ".join(code(one or "''") for one in words)
    inner = [one for one in get_args(annotation) if one is not type(None)]
    if len(inner) == 1:
        return kind(inner[0])
    return "a list" if getattr(annotation, "__origin__", None) in (list, tuple) else "a mapping"


def default(value: Any) -> str:
    """Return a default as a spec would have it; words for a field that must be given."""
    if value in (MISSING, PydanticUndefined):
        return "must be given"
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return code(str(value).lower())
    if isinstance(value, BaseModel) or (isinstance(value, Iterable) and not isinstance(value, str)):
        value = list(value) if isinstance(value, list | tuple) else None
        return code(f"[{', '.join(map(str, value))}]") if value else "none"
    return code(value)
