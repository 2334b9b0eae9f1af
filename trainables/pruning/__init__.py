"""Pruning methods by name: which weights a subnetwork keeps. A file each, and a row of `METHODS`.

A recipe may also name a method of its user's as `module:object`: a `PruningMethod`, or a function
`score(weights, mask, context, **options)`. Nothing here imports torch until something is pruned.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from trainables.pruning.method import Layer, NoOptions, PruningMethod, When
from trainables.recipe import Recipe
from trainables.registry import Door, PluginError, check_call

__all__ = ["Layer", "NoOptions", "PruningMethod", "When"]

METHODS = {
    "magnitude": "trainables.pruning.magnitude:METHOD",
    "magnitude-per-layer": "trainables.pruning.magnitude:PER_LAYER",
    "erk": "trainables.pruning.erk:METHOD",
    "random-global": "trainables.pruning.random_global:METHOD",
    "snip": "trainables.pruning.snip:METHOD",
    "grasp": "trainables.pruning.grasp:METHOD",
    "synflow": "trainables.pruning.synflow:METHOD",
}
"""Name -> where its `PruningMethod` lies."""

DOOR = Door("pruning method", METHODS, "stability_sweeps.pruning")

OWN_EXAMPLES = 300.0
"""Assumed forward and backward passes of a user's own method, for the planner."""


def find(name: str, given: Mapping[str, Any] | None = None) -> PruningMethod:
    """Return the method of that name, which takes `given` options where it is a function.

    Raises KeyError if there is none, and PluginError.
    """
    found = DOOR.find(name)
    if isinstance(found, PruningMethod):
        return found
    if not inspect.isfunction(found):
        raise PluginError(
            f"pruning method {name}: it is a {type(found).__name__}, neither a function nor a "
            "trainables.pruning.PruningMethod"
        )
    with DOOR.calling(name):
        if given is not None:
            check_call(found, (None, None, None), given)
        return PruningMethod(
            name=name,
            scores=lambda weights, mask, context, options: found(weights, mask, context, **options),
            when=getattr(found, "when", "trained"),
            Options=dict,
        )


def when(recipe: Recipe) -> When:
    """Return at what a recipe's method looks. Does not need the code of a user's own."""
    if recipe.pruning_method in METHODS:
        return find(recipe.pruning_method).when
    if recipe.pruning_when:
        return recipe.pruning_when
    return find(recipe.pruning_method).when


def uses(recipe: Recipe) -> str:
    """Return what scores are computed from; of a method that is not built in, all that may be."""
    return find(recipe.pruning_method).uses if recipe.pruning_method in METHODS else "data"


def version(name: str) -> str:
    """Return what keys hold of a method's code: empty for a built-in one of version 1."""
    method, source = find(name), DOOR.identity(name)
    return source if method.version == 1 else f"{source}v{method.version}"


def options(recipe: Recipe) -> Any:
    """Return the options of a recipe's method. Raises what its `Options` raise."""
    return find(recipe.pruning_method).Options(**recipe.pruning_options)


def plain_options(name: str, made: Any) -> dict[str, Any]:
    """Return options as a recipe holds them: without those at their default."""
    if isinstance(made, dict):
        return made
    values = {field.name: (getattr(made, field.name), field.default) for field in fields(made)}
    return {name: value for name, (value, usual) in values.items() if value != usual}


def examples(recipe: Recipe, classes: int) -> float:
    """Return forward and backward passes of one example that a mask takes, for the planner."""
    if recipe.pruning_method not in METHODS:
        return OWN_EXAMPLES
    method = find(recipe.pruning_method)
    return steps(recipe) * method.examples(options(recipe), classes)


def steps(recipe: Recipe) -> int:
    """Return in how many steps a mask is made, for the planner."""
    if recipe.pruning_method not in METHODS:
        return 1
    return find(recipe.pruning_method).steps(options(recipe))
