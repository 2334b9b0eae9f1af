"""Rewind points, strategies and levels that a recipe allows."""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice

from trainables import pruning, sizes
from trainables.completing.lengths import in_iterations
from trainables.completing.misfit import Misfit, Where
from trainables.levels import weights_at_levels
from trainables.recipe import Recipe

STRATEGIES = (
    *("dense", "imp", "imp-adaptive", "pruned", "random-pruning", "random-reinit"),
    "perturbed",
)
"""How a subnetwork that is trained here comes about."""

MAX_LEVEL = 100
"""A pruning level. At the papers' fraction, no network here has weights left so deep; and a job
carries its whole ancestry, of which Python can follow some 150 levels."""


def rewind_iteration(point: int | str, recipe: Recipe, where: Where) -> int:
    """Return a rewind point in iterations. Raises Misfit unless training goes on after it."""
    try:
        iteration = in_iterations(point, asdict(recipe))
    except ValueError as error:
        raise Misfit(where, str(error)) from None
    if iteration < 0:
        raise Misfit(where, f"rewind point {point} lies before the start of training")
    if iteration >= recipe.iterations:
        raise Misfit(
            where,
            f"rewind point {point} is not before the end of training: k must be below "
            f"{recipe.iterations} iterations",
        )
    return iteration


def check_strategy(strategy: str, recipe: Recipe, where: Where) -> None:
    """Raise Misfit where IMP is asked for of a method that looks at W_k, or adaptively at once."""
    if strategy in ("imp", "imp-adaptive") and pruning.when(recipe) == "start":
        raise Misfit(
            where,
            f"{strategy} prunes trained networks, but pruning_method {recipe.pruning_method} "
            "scores W_k before training; write pruned",
        )
    if strategy == "imp-adaptive" and recipe.pruning == "one-shot":
        raise Misfit(
            where,
            "imp-adaptive prunes level by level, but recipe.pruning is one-shot; write imp",
        )


def prunable_weights(recipe: Recipe) -> int:
    """Return how many weights of a recipe's network pruning may remove."""
    return sizes.facts(recipe).prunable_with(**recipe.scope)


def possible_levels(recipe: Recipe, most: int) -> int:
    """Return how many levels there are, 0 included, or `most` + 1 if there are more."""
    weights = weights_at_levels(prunable_weights(recipe), recipe.pruning_fraction)
    return len(list(islice(weights, most + 1)))


def levels_until(share: float, recipe: Recipe, where: Where) -> int:
    """Return after how many levels at most `share` percent of the weights are left.

    Raises Misfit where no level leaves so few, or only one beyond MAX_LEVEL.
    """
    prunable, left = prunable_weights(recipe), 0
    weights = weights_at_levels(prunable, recipe.pruning_fraction)
    for level, left in enumerate(islice(weights, MAX_LEVEL + 1)):
        if 100 * left <= share * prunable:
            return level
    raise Misfit(
        where,
        f"{share:g} % is out of reach: {left} of {prunable} weights are left after level {level}, "
        "the last one",
    )


def check_level(level: int, recipe: Recipe, where: Where, possible: int | None = None) -> None:
    """Raise Misfit at a level for which nothing is left to prune."""
    possible = possible_levels(recipe, level) if possible is None else possible
    if level >= possible:
        raise Misfit(
            where,
            f"level {level} is impossible: after level {possible - 1} no weight of "
            f"{recipe.network} is left to prune",
        )
