"""The schema of what a spec can name: built-in and installed things, and a user's own."""

from __future__ import annotations

from dataclasses import fields as fields_of
from typing import Any

from pydantic import TypeAdapter

from sweeps.catalogue.documents import fields as documented
from sweeps.catalogue.documents import sentence
from trainables import data, networks, pruning
from trainables import measures as known
from trainables.recipes import RECIPES
from trainables.registry import OWN, Door

Schema = dict[str, Any]

OWN_CODE = {
    "type": "string",
    "pattern": f"^{OWN.pattern}$".replace(r"[^\W\d]", "[^:.]").replace(r"\w", "[^:.]"),
    "description": "Your own: module:object.",
}
"""Letters are those of any language, for which expressions in JSON Schema have no word."""

LENGTH = {"$ref": "#/$defs/Evaluate/properties/every"}


def recipes() -> Schema:
    """Return the schema of a recipe's name."""
    return {"enum": list(RECIPES), "description": "A built-in recipe."}


def fields() -> dict[str, Schema]:
    """Return the schemas of a recipe's fields that name something."""
    return {
        "base": {"enum": list(RECIPES)},
        "network": {"anyOf": [_names(networks.DOOR), OWN_CODE]},
        # A path of any form, too.
        "data": {"anyOf": [_names(data.DOOR), {"type": "string", "minLength": 1}]},
        "pruning_method": {"anyOf": [_names(pruning.DOOR), OWN_CODE]},
    }


def measure() -> Schema:
    """Return the schema of a measure: its name, or a mapping of name and options."""
    own = [name for name in known.DOOR.names() if name not in known.MEASURES]
    named = {
        "type": "object",
        "description": "A measure of your own, with its options.",
        "required": ["measure"],
        "properties": {
            "measure": {
                "description": "Its name.",
                "anyOf": [{"enum": own}, OWN_CODE] if own else [OWN_CODE],
            }
        },
    }
    return {
        "anyOf": [
            _names(known.DOOR),
            OWN_CODE,
            *(_measure(name) for name in known.MEASURES),
            named,
        ]
    }


def _measure(name: str) -> Schema:
    """A built-in measure with its options."""
    kind = known.find(name).Options
    own = TypeAdapter(kind).json_schema().get("properties", {})
    said: dict[str, str] = {}
    for one in reversed(kind.__mro__[:-1]):  # options may extend another measure's
        said |= documented(f"{one.__module__}:{one.__name__}")
    options = {}
    for field in fields_of(kind):
        schema = LENGTH if field.name == "every" else own[field.name]
        schema = {key: value for key, value in schema.items() if key != "title"}
        options[field.name] = {"description": said[field.name], "allOf": [schema]}
    return {
        "type": "object",
        "description": f"{sentence(known.MEASURES[name])}.",
        "required": ["measure"],
        "properties": {"measure": {"const": name, "description": "Its name."}, **options},
        "additionalProperties": False,
    }


def _names(door: Door) -> Schema:
    return {"enum": door.names()}
