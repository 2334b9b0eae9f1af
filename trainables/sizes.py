"""How large a recipe's examples and network are. No torch where these are built in."""

from __future__ import annotations

from trainables import data
from trainables.networks import Facts
from trainables.networks.known import facts_of
from trainables.networks.table import crop_default
from trainables.recipe import Recipe


def facts(recipe: Recipe) -> Facts:
    """Return the sizes of a recipe's network. Raises as `known.facts_of`."""
    tokens = data.facts(recipe.data).kind == "tokens"
    return facts_of(recipe.architecture, example_shape(recipe), tokens)


def example_shape(recipe: Recipe) -> tuple[int, ...]:
    """Return the shape of an example as the network gets it.

    Raises ValueError where images from files are cropped and nobody says to which size.
    """
    shape = data.facts(recipe.data).shape
    if not data.streams(recipe) and shape is not None:
        return shape
    side = recipe.crop_size or crop_default(recipe.network)
    if side is None:
        raise ValueError(
            f"images from files are cropped to squares: set recipe.crop_size for {recipe.network}, "
            "in pixels"
        )
    return (3, side, side)
