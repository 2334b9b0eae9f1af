"""Learning-rate schedules, as closed forms of the iteration."""

from __future__ import annotations

import math
from bisect import bisect_right

from trainables.recipe import Recipe


def learning_rate(recipe: Recipe, iteration: int) -> float:
    """Return the rate of the step that leads from `iteration` to the next.

    Warm-up rises linearly and reaches the full rate at iteration `warmup`. Then `steps`
    multiplies it by `decay` once more from each milestone on; `cosine` and `linear` lead to
    `final_rate` at the end of training.
    """
    rate = recipe.learning_rate
    if recipe.schedule == "steps":
        rate *= recipe.decay ** bisect_right(recipe.milestones, iteration)
    if iteration < recipe.warmup:
        return rate * (iteration + 1) / recipe.warmup
    if recipe.schedule == "steps":
        return rate
    progress = (iteration - recipe.warmup) / (recipe.iterations - recipe.warmup)
    fall = (1 - math.cos(math.pi * progress)) / 2 if recipe.schedule == "cosine" else progress
    return rate + (recipe.final_rate - rate) * fall
