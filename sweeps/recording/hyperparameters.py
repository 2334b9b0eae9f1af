"""How a recipe differs from a built-in one, in the words of records: names and strings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from trainables.recipe import Recipe
from trainables.recipes import RECIPES

NOT_COMPARED = ("name", "data_address", "workers")
"""Fields of a recipe that no result depends on."""

CHOSEN = ("device", "backend")
"""Fields that are chosen for the machine: a recipe is not another one by them."""


def strings(recipe: Recipe) -> dict[str, str]:
    """Every field of a recipe as MLflow holds it."""
    return {name: str(value) for name, value in asdict(recipe).items()}


DEFAULTS = {field.name: str(field.default) for field in Recipe.__dataclass_fields__.values()}
"""Field -> its default as a string; a field without one has another word that no recipe holds."""


def identity(fields: Mapping[str, str]) -> dict[str, str]:
    """What results depend on: the fields without those at their default.

    A field that was added to recipes later is absent in earlier records, and means the same there
    as its default does now.
    """
    return {
        name: value
        for name, value in fields.items()
        if name not in NOT_COMPARED and value != DEFAULTS.get(name)
    }


def differing(fields: Mapping[str, str]) -> dict[str, str]:
    """The fields that differ from those of the built-in recipe that a recipe comes from.

    That is the one that its name begins with; where a recipe has a name of its own, the one from
    which fewest fields differ.
    """
    named = fields.get("name", "").partition(" with ")[0]
    bases = [RECIPES[named]] if named in RECIPES else list(RECIPES.values())
    return min((_against(base, fields) for base in bases), key=len)


def _against(base: Recipe, fields: Mapping[str, str]) -> dict[str, str]:
    theirs = strings(base)
    return {
        name: value
        for name, value in fields.items()
        if name not in NOT_COMPARED + CHOSEN and value != theirs.get(name, value)
    }
