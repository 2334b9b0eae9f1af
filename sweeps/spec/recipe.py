"""A spec's recipe: a built-in one's name, or `base` with overrides, completed and checked.

What a recipe leaves open (`auto`) is chosen for the machines in the validation context
(`machines`), or for this one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

from pydantic import BaseModel, ValidationInfo, WrapValidator, create_model

from sweeps import placement
from sweeps.errors import did_you_mean, one_line, shown
from sweeps.spec.fields import STRICT, Length, error_at, in_iterations, unfit
from trainables import data, networks
from trainables.contradictions import Contradiction
from trainables.recipe import Recipe
from trainables.recipes import RECIPES

LENGTHS = ("iterations", "warmup", "milestones")
"""A recipe's fields that are counted in iterations, T first; a spec may use other units."""

AUTO = ("device", "backend")
"""A recipe's fields that are chosen for it where a spec doesn't, or says `auto`."""

MAX_NAME = 200
"""Characters of a recipe's name."""

OTHERWISE = {
    "iterations": Length,
    "warmup": Length,
    "milestones": list[Length],
    "network_arguments": dict[str, Any],
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
        listed = ", ".join(f"{name}={value}" for name, value in sorted(changes.items()))
        given.setdefault("name", one_line(f"{base.name} with {listed}", MAX_NAME))
    recipe = asdict(base) | given
    _check_name(recipe["name"])
    _check_examples(recipe)
    recipe = _with_lengths(base, given, recipe)
    machines = (info.context or {}).get("machines") or placement.this_machine()
    open_ = {name: given.get(name, "auto") for name in AUTO}
    recipe |= placement.choose(recipe | open_, machines)
    try:
        complete = Recipe(**recipe)
    except Contradiction as error:
        raise error_at(("recipe", error.field), str(error)) from None
    _check_fit(complete, data.facts(complete.data))
    return complete


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
    """Raises an error unless network and data are known, and a batch is some of the examples."""
    network, name, size = recipe["network"], recipe["data"], recipe["batch_size"]
    if network not in networks.NETWORKS:
        guess = did_you_mean(network, networks.NETWORKS)
        raise error_at(("recipe", "network"), f"unknown network {shown(network)}{guess}")
    try:
        facts = data.facts(name)
    except KeyError:
        raise error_at(
            ("recipe", "data"),
            f"unknown data set {shown(name)}{did_you_mean(name, data.DOOR.names())}, the path or "
            "URL of a folder or tar file of images or of an .npz or .safetensors file, or "
            "module:object of your own",
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


def _at(where: tuple[str | int, ...], length: int | str, recipe: Mapping[str, Any]) -> int:
    try:
        return in_iterations(length, recipe)
    except ValueError as error:
        raise error_at(where, str(error)) from None


def _check_fit(recipe: Recipe, facts: data.Facts) -> None:
    """Raises an error unless network, augmentation and backend take the images as batches."""
    _check_augmentation(recipe)
    _check_shape(recipe, facts)
    if recipe.backend == "stacked" and not networks.facts(recipe).stackable:
        raise error_at(
            ("recipe", "backend"),
            f"backend stacked is not for {recipe.network}, which joins feature maps; allowed: loop",
        )
    if recipe.backend == "stacked" and data.streams(recipe):
        raise error_at(
            ("recipe", "backend"), "backend stacked is not for images from files; allowed: loop"
        )
    if networks.facts(recipe).statistics:
        _check_statistics(recipe, facts.train)


def _check_augmentation(recipe: Recipe) -> None:
    allowed = data.augmentations(recipe.data)
    if recipe.augmentation not in allowed:
        raise error_at(
            ("recipe", "augmentation"),
            f"augmentation {recipe.augmentation} is not for {recipe.data}; "
            f"allowed: {', '.join(allowed)}",
        )


def _check_shape(recipe: Recipe, facts: data.Facts) -> None:
    network = networks.facts(recipe)
    channels, height, width = network.inputs
    if data.streams(recipe):
        if channels != 3 or height != width:
            raise error_at(
                ("recipe", "network"),
                f"the network {recipe.network} takes {_size(network.inputs)}, but images of a "
                "folder are cropped to squares with 3 channels",
            )
    elif facts.shape is not None and network.inputs != facts.shape:
        raise error_at(
            ("recipe", "data"),
            f"the network {recipe.network} takes {_size(network.inputs)}, but {recipe.data} has "
            f"{_size(facts.shape)}",
        )
    if network.classes < facts.classes:
        raise error_at(
            ("recipe", "data"),
            f"the network {recipe.network} tells {network.classes} classes apart, but "
            f"{recipe.data} has {facts.classes}",
        )


def _size(shape: tuple[int, ...]) -> str:
    if len(shape) != 3:
        return f"examples of the shape {list(shape)}"
    channels, height, width = shape
    return f"{width}x{height} images with {channels} channel{'s' if channels > 1 else ''}"


def _check_statistics(recipe: Recipe, examples: int) -> None:
    """Raises an error unless each slice of a batch has two examples for BatchNorm."""
    size, slices = recipe.batch_size, recipe.slices
    if size == slices:
        many = f" in {slices} slices" if slices > 1 else ""
        raise error_at(
            ("recipe", "batch_size"),
            f"batch_size {size}{many} is too small for BatchNorm: at least {2 * slices}",
        )
    if 0 < examples % size < 2 * slices and recipe.last_batch == "keep":
        of = " slice of the" if slices > 1 else ""
        raise error_at(
            ("recipe", "batch_size"),
            f"batch_size {size} leaves one example for a{of} last batch of an epoch, too few for "
            "BatchNorm; set last_batch: drop",
        )
