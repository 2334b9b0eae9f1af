"""A spec's recipe: a built-in one's name, or `base` with overrides, completed and checked.

What a recipe leaves open (`auto`) is chosen for the machines in the validation context
(`machines`), or for this one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

from pydantic import BaseModel, ValidationInfo, WrapValidator, create_model

from sweeps import placement
from sweeps.errors import did_you_mean, one_line, shown
from sweeps.spec.fields import STRICT, Length, Rate, error_at, in_iterations, unfit
from sweeps.spec.fit import check_fit, network_facts
from sweeps.spec.networks import with_network
from sweeps.spec.pruning import with_pruning
from trainables import data
from trainables.contradictions import Contradiction
from trainables.recipe import Recipe
from trainables.recipes import RECIPES

LENGTHS = ("iterations", "warmup", "milestones")
"""A recipe's fields that are counted in iterations, T first; a spec may use other units."""

AUTO = ("device", "backend")
"""A recipe's fields that are chosen for it where a spec doesn't, or says `auto`."""

MAX_NAME = 200
"""Characters of a recipe's name."""

ANYWHERE = {"device": "cpu", "backend": "loop", "precision": "fp32"}
"""What any recipe can be computed with, for its sizes before anything is chosen."""

OTHERWISE = {
    "iterations": Length,
    "warmup": Length,
    "milestones": list[Length],
    "network_arguments": dict[str, Any],
    "final_rate": Rate,
    "pruning_options": dict[str, Any],
    "device": Literal["auto", "cpu", "cuda"],
    "backend": Literal["auto", "loop", "stacked"],
}
"""Types of fields that a spec may give in other ways than a recipe has them."""

_types = get_type_hints(Recipe) | OTHERWISE
_given: dict[str, Any] = {field.name: (_types[field.name], None) for field in fields(Recipe)}

RecipeFields: type[BaseModel] = create_model(
    "RecipeFields", __config__=STRICT, base=(str, ...), length=(Length, None), **_given
)
"""What may stand under `recipe`: what is given is checked, so that errors name the field."""


def _complete(value: Any, check: Callable[[Any], Any], info: ValidationInfo) -> Recipe:
    """The recipe that a name, or `base` with overrides, means."""
    if isinstance(value, str):
        value = {"base": value}
    if not isinstance(value, dict):
        raise unfit()
    _check_base(value)
    checked = check(value)
    given = {name: getattr(checked, name) for name in checked.model_fields_set}
    base = RECIPES[given.pop("base")]
    changes = {name: value[name] for name in given if name != "data_address"}
    if changes:
        listed = ", ".join(f"{name}={_said(value)}" for name, value in sorted(changes.items()))
        given.setdefault("name", one_line(f"{base.name} with {listed}", MAX_NAME))
    recipe = asdict(base) | given
    if "final_rate" in given or "learning_rate" in given:
        recipe["final_rate"] = _final_rate(base, given)
    if "data" in given and "data_version" not in given:
        recipe["data_version"] = ""  # that of what is at hand
    _check_name(recipe["name"])
    _check_examples(recipe)
    recipe = _with_lengths(base, given, recipe)
    context = info.context or {}
    if context.get("stored"):  # all is said, and what it names may not be at hand
        return _made(recipe)
    if "data_version" in given:
        raise error_at(("recipe", "data_version"), "unknown key; it follows from the data")
    if "network_version" in given:
        raise error_at(("recipe", "network_version"), "unknown key; it follows from the network")
    for name in ("pruning_version", "pruning_when"):
        if name in given:
            raise error_at(("recipe", name), "unknown key; it follows from the pruning method")
    arguments_given = bool(recipe["network_arguments"])
    recipe |= with_network(recipe) | with_pruning(recipe)
    open_ = {name: given.get(name, "auto") for name in AUTO}
    network = network_facts(_made(recipe | ANYWHERE), arguments_given)
    machines = context.get("machines") or placement.this_machine()
    complete = _made(recipe | placement.choose(recipe | open_, network, machines))
    check_fit(complete)
    return complete


def _said(value: Any) -> str:
    return json.dumps(value) if isinstance(value, dict) else str(value)


def _made(recipe: Mapping[str, Any]) -> Recipe:
    try:
        return Recipe(**recipe)
    except Contradiction as error:
        raise error_at(("recipe", error.field), str(error)) from None


if TYPE_CHECKING:
    RecipeField = Recipe
else:
    RecipeField = Annotated[RecipeFields, WrapValidator(_complete)]


def _check_base(value: Mapping[str, Any]) -> None:
    if "base" not in value:
        raise ValueError(f"names no base recipe{did_you_mean('', RECIPES)}")
    base = value["base"]
    if isinstance(base, str) and base not in RECIPES:
        guess = did_you_mean(base, RECIPES)
        raise error_at(("recipe", "base"), f"unknown recipe {shown(base)}{guess}")


def _check_name(name: str) -> None:
    if not (name.strip() and name.isprintable() and len(name) <= MAX_NAME):
        raise error_at(
            ("recipe", "name"),
            f"a recipe's name is a line of 1 to {MAX_NAME} characters that can be seen",
        )


def _check_examples(recipe: Mapping[str, Any]) -> None:
    """Raise an error unless the data are known, and a batch is some of the examples."""
    name, size = recipe["data"], recipe["batch_size"]
    try:
        facts = data.facts(name)
    except KeyError:
        raise error_at(
            ("recipe", "data"),
            f"unknown data set {shown(name)}{did_you_mean(name, data.DOOR.names())}, a path or URL "
            "(images, .npz, .safetensors), or module:object",
        ) from None
    if size < 1:
        raise error_at(
            ("recipe", "batch_size"), f"batch_size must be at least 1, not {shown(size)}"
        )
    if size > facts.train:
        raise error_at(
            ("recipe", "batch_size"),
            f"batch_size {shown(size)} is above the {facts.train} examples",
        )


def _with_lengths(base: Recipe, given: dict[str, Any], recipe: dict[str, Any]) -> dict[str, Any]:
    """The recipe with all its lengths in iterations, moved to the `length` that is given."""
    if "length" in given:
        if "iterations" in given:
            raise error_at(("recipe", "length"), "it sets iterations, too: give one of them")
        length = _at(("recipe", "length"), given["length"], recipe)
        if length < 1:
            raise error_at(
                ("recipe", "length"),
                f"{shown(given['length'])} is less than an iteration: training has at least 1",
            )
        # Milestones and warm-up that are not given move with the end.
        try:
            moved = base.of_length(length)
        except Contradiction as error:
            raise error_at(("recipe", "length"), str(error)) from None
        recipe = recipe | {name: getattr(moved, name) for name in LENGTHS if name not in given}
        del recipe["length"]
    if isinstance(recipe["iterations"], str) and recipe["iterations"].endswith("%"):
        raise error_at(
            ("recipe", "iterations"),
            "the length of training cannot be a share of itself; length can: length: 50 %",
        )
    for name in ("iterations", "warmup"):
        recipe[name] = _at(("recipe", name), recipe[name], recipe)
    recipe["milestones"] = tuple(
        _at(("recipe", "milestones", index), one, recipe)
        for index, one in enumerate(recipe["milestones"])
    )
    return recipe


def _final_rate(base: Recipe, given: Mapping[str, Any]) -> float:
    """Return the final rate; the base's keeps its share of the learning rate."""
    rate = given.get("learning_rate", base.learning_rate)
    final = given.get("final_rate", f"{100 * base.final_rate / base.learning_rate} %")
    if isinstance(final, str):
        # Rounded, so that a share has the key of the number that one would write.
        final = float(f"{rate * float(final.rstrip(' %')) / 100:.12g}")
    return float(final)


def _at(where: tuple[str | int, ...], length: int | str, recipe: Mapping[str, Any]) -> int:
    try:
        return in_iterations(length, recipe)
    except ValueError as error:
        raise error_at(where, str(error)) from None
