"""How large a recipe's examples and network are. No torch where these are built in."""

from __future__ import annotations

from functools import cache

from trainables import data
from trainables.networks import Facts
from trainables.networks.architecture import Architecture
from trainables.networks.known import facts_of
from trainables.networks.table import crop_default
from trainables.recipe import Recipe


def facts(recipe: Recipe) -> Facts:
    """Return the sizes of a recipe's network. Raises as `known.facts_of`."""
    # Planning asks for each job of a sweep: what is looked up must be quickly compared.
    return _facts(recipe.architecture, recipe.data, _crop(recipe))


@cache
def _facts(architecture: Architecture, name: str, crop: int | None) -> Facts:
    found = data.facts(name)
    shape = found.shape if crop is None else (3, crop, crop)
    assert shape is not None
    return facts_of(architecture, shape, found.kind == "tokens", found.label_shape)


def _crop(recipe: Recipe) -> int | None:
    """Return the side of the squares that images are cropped to; None where they are not.

    Raises ValueError where nobody says it.
    """
    if not data.streams(recipe):
        return None
    side = recipe.crop_size or crop_default(recipe.network)
    if side is None:
        raise ValueError(
            f"images from files are cropped to squares: set recipe.crop_size for {recipe.network}, "
            "in pixels"
        )
    return side
