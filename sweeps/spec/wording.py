"""What is wrong with a spec, in a spec's own words: pydantic's are not shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from sweeps.errors import did_you_mean, one_line, shown
from sweeps.spec.budget import Budget
from sweeps.spec.evaluate import Evaluate
from sweeps.spec.fields import MAX_LEVEL, MAX_SEED, Where
from sweeps.spec.recipe import RecipeFields
from sweeps.spec.resources import Resources
from sweeps.spec.search import LIST, SEARCH, FindLevel, FindRewind
from sweeps.spec.stop_early import Rung, StopEarly
from sweeps.spec.subnetworks import (
    STRATEGIES,
    Dense,
    Files,
    ImpAdaptive,
    Perturbed,
    Pruned,
)
from sweeps.spec.sweep import Sweep
from sweeps.spec.tuned import Search

SEEDS = "a number of seeds (3), or a list of them ([1, 2, 3])"
SEED = f"a seed from 0 to {MAX_SEED}"
POINT = "a rewind point: iterations (120), '2 %' or '5 epochs'"
LENGTH = "a length: iterations (600), '50 %' or '5 epochs'"
POINTS = (
    "a list of rewind points: [0, 120, 2 %, 5 epochs]; or a search for one: "
    "{find: stable, between: [0, 10 %]}"
)

WANTED = {
    "name": "a word of up to 100 letters, digits, '.', '_' and '-', first a letter or digit",
    "description": "text",
    "recipe": "a recipe's name, or a mapping of base and overrides: {base: digits-mlp}",
    "recipe.base": "a recipe's name",
    "rewind": POINTS,
    "rewind[]": POINT,
    "inits": SEEDS,
    "inits[]": SEED,
    "orders": SEEDS,
    "orders[]": SEED,
    **{
        f"{of}.{name}": text
        for of in ("rewind", "subnetworks[].rewind", "subnetworks[].levels")
        for name, text in {
            "find": "stable or matching",
            "per": "mean or init",
            "between": "the first and the last rewind point: [0, 10 %]",
            "between[]": POINT,
            "within": "a share above 0 % and at most 100 %: 10 % (or 0.1)",
        }.items()
    },
    "subnetworks[].levels.between": "the first and the last level: [1, 25]",
    "subnetworks[].levels.between[]": f"a pruning level from 1 to {MAX_LEVEL}",
    "compare": "copies, levels, all-levels, or a list of these",
    "subnetworks": "a list of subnetworks: [dense, {strategy: imp, levels: [3]}]",
    "subnetworks[].strategy": f"one of {', '.join(STRATEGIES)}",
    "subnetworks[].levels": "a list of pruning levels: [3, 11]; a range of them: 1-15; or a "
    "search for one: {find: matching, between: [1, 15]}",
    "subnetworks[].levels[]": f"a pruning level from 1 to {MAX_LEVEL}",
    "subnetworks[].until_left": "a share of the prunable weights above 0 % and below 100 %, with "
    "its sign: '9 %'",
    "subnetworks[].loss": "evaluated or trained",
    "subnetworks[].norm": "rewound or trained",
    "subnetworks[].examples": "a whole number of examples, at least 1, or all",
    "subnetworks[].points": "a whole number of points from 2 to 1000",
    "subnetworks[].rewind": POINTS,
    "subnetworks[].rewind[]": POINT,
    "subnetworks[].networks": "2 to 100 files: [a.safetensors, b.pt], or {name: a.safetensors}",
    "measure": "a list of measures: [instability, {measure: distance}]",
    "pretrain_order": SEED,
    "imp_order": SEED,
    "restart": "keep, reset or both: [keep, reset]",
    "seeds": "shared or independent",
    "path_points": "a whole number from 3 to 1000",
    "train_examples": "a whole number of examples, at least 1",
    "stable_below": "a number of percentage points above 0 and at most 100",
    "matching": "one-std, bands-overlap, or a number of percentage points from 0 to 100",
    "evaluate": "a mapping: {every: 1 epoch, examples: 2000}",
    "evaluate.every": LENGTH,
    "evaluate.examples": "a whole number of examples, at least 1, or all",
    "on_divergence": "continue or stop",
    "budget": "a mapping: {hours: 2}, or {cost: 20, price_per_hour: 1.5}",
    "budget.hours": "a number of hours above 0",
    "budget.cost": "a number above 0",
    "budget.price_per_hour": "a number above 0",
    "vary": "a mapping of what varies to its values: {learning_rate: [0.05, 0.15]}",
    "search.trials": "a whole number of combinations from 1 to 1000",
    "search.over": "a mapping of names to ranges: {learning_rate: {log: [0.01, 1]}}",
    "search.seed": f"a seed from 0 to {MAX_SEED}",
    "search.at_a_time": "a whole number from 1 to 100",
    "search.stop_early": "a mapping: {rungs: [{inits: 1, orders: 2}], reduction_factor: 3}",
    "search.stop_early.rungs": "a list of 1 to 10 rungs: [{inits: 1, orders: 2}, {inits: 2}]",
    "search.stop_early.rungs[]": "a mapping: {inits: 1, orders: 2, level: 0}",
    "search.stop_early.rungs[].inits": "a number of inits, at least 1",
    "search.stop_early.rungs[].orders": "a number of orders, at least 2",
    "search.stop_early.rungs[].level": f"a level from 0 (dense) to {MAX_LEVEL}",
    "search.stop_early.reduction_factor": "a whole number from 2 to 100",
    "resources": "a mapping: {cpus: 2, gpus: 0.25}",
    "resources.cpus": "a number of CPU cores, 0 or more",
    "resources.gpus": "a number of GPUs above 0",
    "recipe.length": LENGTH,
    "recipe.iterations": LENGTH,
    "recipe.warmup": LENGTH,
    "recipe.final_rate": "a learning rate (0.001), or a share of recipe.learning_rate: '10 %'",
    "recipe.milestones": "a list of lengths: [600, 75 %]",
    "recipe.milestones[]": LENGTH,
    "recipe.network_arguments": "a mapping of arguments: {width: 32}",
    "recipe.pruning_options": "a mapping of options: {examples: 100}",
}
"""What a spec wants in a place."""

KINDS = {
    "int": "a whole number",
    "float": "a number",
    "finite": "a finite number",
    "bool": "true or false",
    "string": "text",
    "list": "a list",
    "model": "a mapping",
}
"""What is wanted elsewhere, by how pydantic's names for its errors begin."""

PARTS: dict[str, type[BaseModel]] = {
    "recipe": RecipeFields,
    "resources": Resources,
    "budget": Budget,
}
"""Mappings of a spec whose keys are often written beside them."""

NOT_WRITTEN = {"data_address"}
"""Fields that follow from others."""


@dataclass(frozen=True)
class Problem:
    """The first of what is wrong with a spec."""

    location: Where
    words: str
    more: int = field(default=0, compare=False)
    """How many others there are."""

    @property
    def place(self) -> str:
        """The location as people write it, `rewind[1]`."""
        text = "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in self.location)
        return one_line(text.removeprefix("."), 60)

    def beside(self, other: Problem) -> bool:
        """Whether both are of the same place."""
        return self.location == other.location

    def __str__(self) -> str:
        place = f"{self.place}: " if self.location else ""
        more = f" (and {self.more} more)" if self.more else ""
        return f"{place}{self.words}{more}"


Source = Callable[[Where], yaml.Node | None]
"""The YAML that a place of a spec was read from, if there is any."""


def problem(error: ValidationError, source: Source = lambda location: None) -> Problem:
    """Return the first problem of an error. Values are quoted as they stand in their source."""
    # An unknown key is the likelier slip: it comes before the key that is missing for it.
    found = sorted(error.errors(include_url=False), key=lambda one: one["type"] == "missing")
    location = _location(found[0])
    words = _words(found[0], location, source(location))
    return Problem(location, words, len(found) - 1)


def _location(error: Mapping[str, Any]) -> Where:
    """Keys and indices of the spec; pydantic puts a subnetwork's strategy between them."""
    location: Where = error.get("ctx", {}).get("at", error["loc"])
    location = tuple(step for step in location if step not in (SEARCH, LIST))
    if location[:1] == ("subnetworks",) and len(location) > 2 and location[2] in STRATEGIES:
        return (*location[:2], *location[3:])
    return location


def _words(error: Mapping[str, Any], location: Where, node: yaml.Node | None) -> str:
    value = error["input"]
    wanted = _wanted(error["type"], location)
    match error["type"]:
        case "extra_forbidden":
            return f"unknown key{_known_keys(str(location[-1]), _model(error['loc']))}"
        case "missing":
            return f"this key is missing; wanted is {wanted}"
        case "at":
            return str(error["msg"])
        case "value_error":
            return str(error["msg"]).removeprefix("Value error, ")
        case "too_short":
            held = len(value) if isinstance(value, list | dict) else 0
            empty = "it is empty" if isinstance(value, dict) else "the list is empty"
            few = f"the list has only {held}" if held else empty
            return f"{few}; wanted is {wanted}"
        case "too_long" if isinstance(value, list):
            return f"the list is too long: at most {error['ctx']['max_length']}"
    if value is None:
        return f"it has no value; wanted is {wanted}"
    if isinstance(value, str) and (choices := _choices(location)):
        return f"there is no {shown(value)}{did_you_mean(value, choices)}"
    return f"must be {wanted}, not {_seen(value, node)}{_hint(value, wanted, node)}"


def _known_keys(wrong: str, model: type[BaseModel]) -> str:
    """What the key of a mapping should have been, for the end of an error's line."""
    for part, of_part in PARTS.items() if model is Sweep else ():
        if wrong in of_part.model_fields.keys() - NOT_WRITTEN:
            return f"; it belongs to {part!r}: write {part}.{wrong}"
    return did_you_mean(wrong, model.model_fields.keys() - NOT_WRITTEN)


def _wanted(kind: str, location: Where) -> str:
    """What should stand in a place."""
    pattern = "".join("[]" if isinstance(step, int) else f".{step}" for step in location)
    if own := WANTED.get(pattern.removeprefix(".")):
        return own
    if choices := _choices(location):
        return f"one of {', '.join(choices)}"
    return KINDS.get(kind.partition("_")[0], "something else")


def _choices(location: Where) -> tuple[str, ...]:
    """The words that a field, or an entry of a list, allows, if it is one of words."""
    in_list = isinstance(location[-1], int) if location else False
    of = location[:-1] if in_list else location
    if not of or not isinstance(of[-1], str):
        return ()
    field = _model(of).model_fields.get(of[-1])
    words = get_args(field.annotation) if field else ()
    if in_list:
        words = get_args(words[0]) if words else ()
    return tuple(word for word in words if isinstance(word, str))


def _model(location: Where) -> type[BaseModel]:
    """What the last step of a location is a key of."""
    match location:
        case ("rewind", "(search)", *_) | ("subnetworks", int(), _, "rewind", "(search)", *_):
            return FindRewind
        case ("subnetworks", int(), _, "levels", "(search)", *_):
            return FindLevel
        case ("recipe", _):
            return RecipeFields
        case ("evaluate", _):
            return Evaluate
        case ("resources", _):
            return Resources
        case ("search", _):
            return Search
        case ("search", "stop_early", "rungs", int(), *_):
            return Rung
        case ("search", "stop_early", *_):
            return StopEarly
        case ("budget", _):
            return Budget
        case ("subnetworks", int(), "dense", _):
            return Dense
        case ("subnetworks", int(), "files", *_):
            return Files
        case ("subnetworks", int(), "imp-adaptive", *_):
            return ImpAdaptive
        case ("subnetworks", int(), "perturbed", *_):
            return Perturbed
        case ("subnetworks", int(), *_):
            return Pruned
    return Sweep


def _seen(value: object, node: yaml.Node | None) -> str:
    """A value as an error quotes it: a number or word as it stands in the text."""
    if isinstance(node, yaml.ScalarNode) and not isinstance(value, str):
        return one_line(node.value, 60)
    return shown(value)


def _hint(value: object, wanted: str, node: yaml.Node | None) -> str:
    """How what was meant is written, where that can be guessed."""
    if isinstance(value, bool | int | float) and wanted in (WANTED["name"], KINDS["string"]):
        return f"; quote it: '{_seen(value, node)}'"
    if isinstance(value, dict) and wanted == KINDS["string"]:
        return "; quote text with a colon"
    if isinstance(value, str) and re.fullmatch(r"[-+]?\d[\d_]{0,20}", value):
        return f"; write {int(value.replace('_', ''))}"
    return ""
