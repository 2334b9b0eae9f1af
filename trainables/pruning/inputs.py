"""What scores of W_k are computed from beside the weights, for the keys of masks. No torch."""

from __future__ import annotations

from typing import Any

from trainables import pruning
from trainables.recipe import Recipe

EXAMPLES = ("data", "crop_size", "input_scaling")
"""Fields of a recipe that decide what a training example is."""

ROUNDING = ("device", "threads")
"""Fields of a recipe that decide the rounding of gradients."""


def computed_with(recipe: Recipe) -> dict[str, Any]:
    """Return the fields, without those at their default, that a mask made at W_k depends on."""
    uses = pruning.uses(recipe)
    names = {"weights": (), "network": ROUNDING, "data": EXAMPLES + ROUNDING}[uses]
    return {name: value for name, value in recipe.identity("training").items() if name in names}
