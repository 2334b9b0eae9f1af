"""How a recipe differs from a built-in one, and options of strategies, in the words of records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict

from analysis import records
from sweeps.spec.subnetworks import Files, Trained
from trainables.pruning.adaptive import Adaptive
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


def told(options: Adaptive) -> str:
    """Options of adaptive pruning in a few words."""
    examples = "all" if options.examples is None else options.examples
    return f"{options.loss} losses, {examples} examples, {options.points} points"


def of_strategies(subnetworks: Iterable[Trained | Files]) -> dict[str, str]:
    """Params of the strategies that have options, where a sweep has them."""
    found = {}
    for one in subnetworks:
        if isinstance(one, Files) or one.options is None:
            continue
        if isinstance(one.options, Adaptive):
            found[records.ADAPTIVE] = told(one.options)
        else:
            found[records.PERTURBED] = one.options
    return found


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
