"""Learning-rate schedules, as closed forms of the iteration."""

from __future__ import annotations

from bisect import bisect_right

from trainables.recipes import Recipe


def learning_rate(recipe: Recipe, iteration: int) -> float:
    """The rate of the step that leads from `iteration` to the next.

    Warm-up rises linearly and reaches the full rate at iteration `warmup`; from each milestone
    on the rate is multiplied by `decay` once more.
    """
    rate = recipe.learning_rate * recipe.decay ** bisect_right(recipe.milestones, iteration)
    if iteration < recipe.warmup:
        rate *= (iteration + 1) / recipe.warmup
    return rate
