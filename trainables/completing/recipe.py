"""A whole recipe from a built-in one's name, or `base` with overrides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from trainables import data
from trainables.completing.devices import choose
from trainables.completing.fit import check_fit, network_facts
from trainables.completing.lengths import UNITS, in_iterations
from trainables.completing.misfit import Misfit, Where
from trainables.completing.networks import with_network
from trainables.completing.pruning import with_pruning
from trainables.contradictions import Contradiction
from trainables.recipe import Recipe
from trainables.recipes import RECIPES
from trainables.wording import did_you_mean, one_line, shown

LENGTHS = ("iterations", "warmup", "milestones")
"""A recipe's fields that are counted in iterations, T first; a user may use other units."""

AUTO = ("device", "backend")
"""A recipe's fields that are chosen for it where its user doesn't, or says `auto`."""

MAX_NAME = 200
"""Characters of a recipe's name."""

ANYWHERE = {"device": "cpu", "backend": "loop", "precision": "fp32"}
"""What any recipe can be computed with, for its sizes before anything is chosen."""

FOLLOWING = {
    "data_version": "the data",
    "network_version": "the network",
    "pruning_version": "the pruning method",
    "pruning_when": "the pruning method",
}
"""A recipe's fields that nobody writes -> what they follow from."""


def check_base(value: Mapping[str, Any]) -> None:
    """Raise an error unless a mapping names a base recipe that there is."""
    if "base" not in value:
        raise Misfit(("recipe",), f"names no base recipe{did_you_mean('', RECIPES)}")
    base = value["base"]
    if isinstance(base, str) and base not in RECIPES:
        guess = did_you_mean(base, RECIPES)
        raise Misfit(("recipe", "base"), f"unknown recipe {shown(base)}{guess}")


def with_defaults(given: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Return every field of a recipe, lengths in iterations: what is `given`, or as its base says.

    `given` are `base`, and fields of the right types; `said` the same as the user wrote them, for
    the recipe's name. Raises Misfit.
    """
    given = dict(given)
    base = RECIPES[given.pop("base")]
    changes = {name: said[name] for name in given if name != "data_address"}
    if changes:
        listed = ", ".join(_named(name, value) for name, value in sorted(changes.items()))
        given.setdefault("name", one_line(f"{base.name} with {listed}", MAX_NAME))
    recipe = asdict(base) | given
    if "final_rate" in given or "learning_rate" in given:
        recipe["final_rate"] = _final_rate(base, given)
    if "data" in given and "data_version" not in given:
        recipe["data_version"] = ""  # that of what is at hand
    _check_name(recipe["name"])
    _check_examples(recipe)
    return _with_lengths(base, given, recipe)


def complete(recipe: Mapping[str, Any], given: Mapping[str, Any], gpus: float) -> Recipe:
    """Return a recipe of every field, what follows from others found, all checked to go together.

    `recipe` is as `with_defaults` returns it of `given`; device and backend are chosen where they
    are not given, for a place with so many `gpus`. Raises Misfit.
    """
    for name, source in FOLLOWING.items():
        if name in given:
            raise Misfit(("recipe", name), f"unknown key; it follows from {source}")
    arguments_given = bool(recipe["network_arguments"])
    recipe = {**recipe, **with_network(recipe), **with_pruning(recipe)}
    open_ = {name: given.get(name, "auto") for name in AUTO}
    network = network_facts(made(recipe | ANYWHERE), arguments_given)
    found = made(recipe | choose(recipe | open_, network, gpus))
    check_fit(found)
    return found


def made(recipe: Mapping[str, Any]) -> Recipe:
    """Return a recipe of all these fields. Raises Misfit where they contradict each other."""
    try:
        return Recipe(**recipe)
    except Contradiction as error:
        raise Misfit(("recipe", error.field), str(error)) from None


def _named(name: str, value: Any) -> str:
    """Return a field in a recipe's name; the items of a mapping one by one, as `vary` has them."""
    if isinstance(value, Mapping) and value:
        return ", ".join(f"{name}.{item}={_said(one)}" for item, one in value.items())
    return f"{name}={_said(value)}"


def _said(value: Any) -> str:
    return json.dumps(value) if isinstance(value, dict) else str(value)


def _check_name(name: str) -> None:
    if not (name.strip() and name.isprintable() and len(name) <= MAX_NAME):
        raise Misfit(
            ("recipe", "name"),
            f"a recipe's name is a line of 1 to {MAX_NAME} characters that can be seen",
        )


def _check_examples(recipe: Mapping[str, Any]) -> None:
    """Raise an error unless the data are known, and a batch is some of the examples."""
    name, size = recipe["data"], recipe["batch_size"]
    try:
        facts = data.facts(name)
    except KeyError:
        raise Misfit(
            ("recipe", "data"),
            f"unknown data set {shown(name)}{did_you_mean(name, data.DOOR.names())}, a path or URL "
            "(images, .npz, .safetensors), or module:object",
        ) from None
    if size < 1:
        raise Misfit(("recipe", "batch_size"), f"batch_size must be at least 1, not {shown(size)}")
    if size > facts.train:
        raise Misfit(
            ("recipe", "batch_size"),
            f"batch_size {shown(size)} is above the {facts.train} examples",
        )


def _with_lengths(base: Recipe, given: dict[str, Any], recipe: dict[str, Any]) -> dict[str, Any]:
    """The recipe with all its lengths in iterations, moved to the `length` that is given."""
    if "length" in given:
        if "iterations" in given:
            raise Misfit(("recipe", "length"), "it sets iterations, too: give one of them")
        length = _at(("recipe", "length"), given["length"], recipe)
        if length < 1:
            raise Misfit(
                ("recipe", "length"),
                f"{shown(given['length'])} is less than an iteration: training has at least 1",
            )
        # Milestones and warm-up that are not given move with the end.
        try:
            moved = base.of_length(length)
        except Contradiction as error:
            raise Misfit(("recipe", "length"), str(error)) from None
        recipe = recipe | {name: getattr(moved, name) for name in LENGTHS if name not in given}
        del recipe["length"]
    if isinstance(recipe["iterations"], str) and recipe["iterations"].endswith("%"):
        raise Misfit(
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
        if not (UNITS.fullmatch(final) and final.endswith("%")):
            raise Misfit(("recipe", "final_rate"), f"must be a rate or '10 %', not {shown(final)}")
        # Rounded, so that a share has the key of the number that one would write.
        final = float(f"{rate * float(final.rstrip(' %')) / 100:.12g}")
    return float(final)


def _at(where: Where, length: int | str, recipe: Mapping[str, Any]) -> int:
    try:
        return in_iterations(length, recipe)
    except ValueError as error:
        raise Misfit(where, str(error)) from None
