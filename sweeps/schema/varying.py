"""The schema of `vary`, and of what `search` is over: neither has a model of fields."""

from __future__ import annotations

from typing import Any, get_args

from sweeps.spec.recipe import RecipeFields
from sweeps.spec.tuned import REWIND, SHAPE
from sweeps.spec.vary import FIELDS, MAX_COMBINATIONS, METHODS, NESTED, OPTIONS

MODELS = {"imp-adaptive": "ImpAdaptive", "perturbed": "Perturbed"}
"""Strategy -> the model of its options."""

CHOSEN = {"imp-adaptive.loss", "perturbed.norm"} | {
    name
    for name, field in RecipeFields.model_fields.items()
    if not {int, float} & {field.annotation, *get_args(field.annotation)}
}
"""What is never a number."""

ITEM = rf"^({'|'.join(NESTED)})\.."
"""One item of a mapping in a recipe."""

PAIR = {"type": "array", "minItems": 2, "maxItems": 2}
ABOVE_0 = {"type": "number", "exclusiveMinimum": 0}


def vary() -> dict[str, Any]:
    """Return the schema of `vary`, in its three forms."""
    values = _values()
    combination = _mapping(values)
    grid = _mapping({name: _several(one) for name, one in values.items()}, _several({}))
    sample = _mapping(_ranges(values), _range({}))
    whole = {"type": "integer", "minimum": 1, "maximum": MAX_COMBINATIONS}
    sample["properties"] |= {
        "sample": {**whole, "description": "So many combinations are drawn from the ranges."},
        "seed": {"type": "integer", "minimum": 0, "description": "Of what is drawn; default 0."},
        "method": {
            "enum": list(METHODS),
            "description": "Spread evenly (quasi-random, the default), or drawn independently.",
        },
    }
    return {
        "anyOf": [
            grid | {"description": "A grid: every combination of these values."},
            sample | {"description": "A sample from ranges.", "required": ["sample"]},
            {
                "description": "A list of combinations.",
                "type": "array",
                "minItems": 1,
                "maxItems": MAX_COMBINATIONS,
                "items": combination,
            },
        ]
    }


def over() -> dict[str, Any]:
    """Return the schema of what a search is over: ranges by name, the rewind point's too."""
    values = {name: one for name, one in _values().items() if name not in SHAPE}
    point = {"$ref": "#/$defs/FindRewind/properties/between/items"}
    return _mapping({**_ranges(values), REWIND: _range(point)}, _range({}))


def _ranges(values: dict[str, Any]) -> dict[str, Any]:
    """What may vary -> from what a sample draws it."""
    return {name: _range(one, name not in CHOSEN) for name, one in values.items()}


def _values() -> dict[str, Any]:
    """What may vary -> the schema of one value."""
    fields = {name: f"RecipeFields/properties/{name}" for name in FIELDS}
    options = {
        f"{strategy}.{name}": f"{MODELS[strategy]}/properties/{name}"
        for strategy, names in OPTIONS.items()
        for name in names
    }
    return {name: {"$ref": f"#/$defs/{place}"} for name, place in (fields | options).items()}


def _mapping(properties: dict[str, Any], item: dict[str, Any] | None = None) -> dict[str, Any]:
    """A mapping of what may vary; `item` is the schema of the items of a recipe's mappings."""
    return {
        "type": "object",
        "minProperties": 1,
        "properties": properties,
        "patternProperties": {ITEM: item or {}},
        "additionalProperties": False,
    }


def _several(value: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "uniqueItems": True, "items": value}


def _range(value: dict[str, Any], number: bool = True) -> dict[str, Any]:
    """From what a sample draws values of this schema, which may be a `number` or not."""
    kinds = {
        "choice": {
            "type": "array",
            "minItems": 1,
            "items": value,
            "description": "One of these values.",
        },
        "log": {**PAIR, "items": ABOVE_0, "description": "Evenly on a logarithmic scale."},
        "uniform": {**PAIR, "items": {"type": "number"}, "description": "Evenly."},
        "integers": {**PAIR, "items": {"type": "integer"}, "description": "Both included."},
    }
    return {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": kinds if number else {"choice": kinds["choice"]},
        "additionalProperties": False,
    }
