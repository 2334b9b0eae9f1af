"""The schema of a whole spec: that of the models, and what their validators take besides."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from pydantic import BaseModel

from sweeps.catalogue.documents import fields as documented
from sweeps.schema import named, varying
from sweeps.schema.limits import LIMITS
from sweeps.spec import (
    Sweep,
    budget,
    evaluate,
    files,
    resources,
    search,
    stop_early,
    subnetworks,
    tuned,
)
from sweeps.spec.files import NOTHING_TRAINED
from trainables.completing.recipe import FOLLOWING

Schema = dict[str, Any]

DIALECT = "http://json-schema.org/draft-07/schema#"
"""The version of JSON Schema that all editors know. Nothing of later versions is used."""

MODELS: tuple[type[BaseModel], ...] = (
    Sweep,
    subnetworks.Dense,
    subnetworks.Pruned,
    subnetworks.ImpAdaptive,
    subnetworks.Perturbed,
    files.Files,
    search.FindRewind,
    search.FindLevel,
    tuned.Search,
    stop_early.StopEarly,
    stop_early.Rung,
    evaluate.Evaluate,
    resources.Resources,
    budget.Budget,
)

UNWRITTEN = {"data_address", *FOLLOWING}
"""Fields of a recipe that stand in stored specs alone."""

NOISE = ("title", "discriminator", "gt", "le")
"""Keys of pydantic's that say nothing to an editor, or are no words of JSON Schema."""


def document() -> Schema:
    """Return the JSON Schema of a spec. It is that of this version, and of what is installed."""
    schema = _tidied(Sweep.model_json_schema())
    definitions = schema["$defs"]
    definitions.pop("NetworkFile", None)
    for model in MODELS:
        found = schema if model is Sweep else definitions[model.__name__]
        _describe(found["properties"], documented(f"{model.__module__}:{model.__name__}"))
    definitions["RecipeFields"] = _recipe(definitions["RecipeFields"])
    definitions |= {"Vary": varying.vary(), "Measure": named.measure()}
    properties = schema["properties"]
    _replace(properties, "recipe", {"anyOf": [named.recipes(), _reference("RecipeFields")]})
    _replace(properties, "measure", _one_or_several("Measure"))
    _replace(properties, "vary", _reference("Vary"))
    definitions["Search"]["properties"]["over"] |= varying.over()
    schema |= _required(schema.pop("required"))
    return {
        "$schema": DIALECT,
        "title": f"A sweep of stability-sweeps {version('stability-sweeps')}",
        **schema,
    }


def _recipe(schema: Schema) -> Schema:
    """The schema of a recipe: no field has a default but that of its base."""
    properties = {n: one for n, one in schema["properties"].items() if n not in UNWRITTEN}
    _describe(properties, documented("trainables.recipe:Recipe"))
    for name, own in {**named.fields(), **LIMITS}.items():
        properties[name] |= own
    for name in ("network", "data", "pruning_method"):
        properties[name].pop("type")
    for one in properties.values():
        one.pop("default", None)
    return {**schema, "properties": properties}


def _required(always: list[str]) -> Schema:
    """What must be there. Files alone need neither rewind points nor seeds, and may not have them;
    and a search may propose the rewind point."""
    trained = [name for name in always if name in NOTHING_TRAINED]
    files_alone = {
        "required": ["subnetworks"],
        "properties": {
            "subnetworks": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["strategy"],
                    "properties": {"strategy": {"const": "files"}},
                },
            }
        },
    }
    proposed = {
        "required": ["search"],
        "properties": {
            "search": {
                "required": ["over"],
                "properties": {"over": {"required": ["rewind"]}},
            }
        },
    }
    others = [name for name in trained if name != "rewind"]
    return {
        "required": [name for name in always if name not in trained],
        "if": files_alone,
        "then": {"properties": dict.fromkeys(trained, False)},
        "else": {
            "required": others,
            "if": proposed,
            "else": {"required": ["rewind"]},
        },
        "not": {"required": ["vary", "search"]},
    }


def _describe(properties: Schema, said: dict[str, str]) -> None:
    for name, one in properties.items():
        if text := said.get(name) or one.get("description"):
            one["description"] = text


def _replace(properties: Schema, name: str, by: Schema) -> None:
    properties[name] = {"description": properties[name]["description"], **by}


def _reference(name: str) -> Schema:
    return {"allOf": [{"$ref": f"#/$defs/{name}"}]}


def _one_or_several(name: str) -> Schema:
    one = {"$ref": f"#/$defs/{name}"}
    return {"anyOf": [one, {"type": "array", "minItems": 1, "maxItems": 100, "items": one}]}


def _tidied(schema: Any) -> Any:
    """A schema without noise. Draft 7 takes no notice of what stands beside a `$ref`, so each is
    wrapped."""
    if isinstance(schema, list):
        return [_tidied(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found: Schema = {}
    for name, one in schema.items():
        if name in ("properties", "$defs"):
            found[name] = {key: _tidied(value) for key, value in one.items()}
        elif name == "description":
            found[name] = " ".join(one.split())
        elif name not in NOISE:
            found[name] = _tidied(one)
    if "$ref" in found and len(found) > 1:
        found["allOf"] = [{"$ref": found.pop("$ref")}]
    return found
