"""A validated spec as a mapping that can be stored, and back.

What a user wrote depends on built-in recipes, on where images lie and on the machine that chose
device and backend. The mapping spells all of it out, so that it means the same sweep, with the
same content keys, in another version of this package and on another machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields
from typing import Any

from pydantic import ValidationError

from sweeps.errors import UserError
from sweeps.placement import Machines
from sweeps.spec import measures
from sweeps.spec.sweep import Sweep
from sweeps.spec.tuned import Search
from sweeps.spec.varying import validated
from sweeps.spec.wording import problem
from trainables import data, sizes
from trainables.arguments import Arguments
from trainables.networks import known
from trainables.networks.architecture import Architecture
from trainables.networks.facts import read
from trainables.recipe import Recipe
from trainables.recipes import RECIPES

EACH = "each"
"""Key under which a stored spec has what differs between its sweeps of one recipe."""

WRITTEN, GPUS = "written", "gpus"
"""Keys of a stored spec that searches: the mapping that its user wrote, and how many GPUs there
were, by which a recipe's device is chosen."""


def resolved(sweep: Sweep) -> dict[str, Any]:
    """Return every field of a sweep as JSON-able values; `from_resolved` takes them back.

    Of a sweep whose hyperparameters vary, these are of its first recipe; `each` has, of every
    combination, the fields that are others there.
    """
    if sweep.proposed is not None:
        own = sweep.proposed
        found = _of_one_recipe(sweep)
        return found | {WRITTEN: own.written, GPUS: 1 if sweep.recipe.device == "cuda" else 0}
    if sweep.vary is None:
        return _of_one_recipe(sweep)
    first, *others = map(_of_one_recipe, sweep.each)
    each = [{}, *({n: v for n, v in one.items() if v != first[n]} for one in others)]
    return first | {"vary": sweep.vary, EACH: each}


def _of_one_recipe(sweep: Sweep) -> dict[str, Any]:
    recipe = asdict(sweep.recipe)
    recipe["milestones"] = list(sweep.recipe.milestones)
    search = {} if sweep.search is None else {"search": _search(sweep.search)}
    return (
        sweep.model_dump(exclude={"recipe", "measure", "vary", "search"})
        | search
        | {
            "recipe": {"base": _base(sweep)} | recipe,
            "measure": measures.stored(sweep.measure),
            "network_facts": asdict(sizes.facts(sweep.recipe)),
        }
    )


def _search(search: Search) -> dict[str, Any]:
    """Every field of a search; `stop_early`, of which earlier versions knew nothing, if given."""
    found = search.model_dump()
    return found if search.stop_early else {n: v for n, v in found.items() if n != "stop_early"}


def from_resolved(mapping: Mapping[str, Any]) -> Sweep:
    """Return the sweep of which `resolved` made this mapping. Needs neither data nor a device.

    Fields that did not exist when it was stored have their defaults, which mean "no change".
    Raises UserError if it is no such mapping.
    """
    if WRITTEN in mapping:
        machines = Machines([{"GPU": mapping[GPUS]}])
        context = {"machines": machines}
        try:
            return validated(
                mapping[WRITTEN], lambda one: Sweep.model_validate(one, context=context)
            )
        except ValidationError as error:
            raise UserError(f"a stored spec does not fit this version: {problem(error)}") from None
    if EACH in mapping:
        first = {name: value for name, value in mapping.items() if name not in (EACH, "vary")}
        each = [from_resolved(first | own) for own in mapping[EACH]]
        return each[0].of_each(mapping["vary"], each)
    recipe = mapping.get("recipe")
    if not isinstance(recipe, Mapping):
        raise UserError("a stored spec has no recipe")
    defaults = {f.name: f.default for f in fields(Recipe) if f.default is not MISSING}
    spec = {name: value for name, value in mapping.items() if name != "network_facts"}
    if facts := mapping.get("network_facts"):
        # The network's own code may not be at hand.
        remember(recipe, facts)
    try:
        return Sweep.model_validate(
            spec | {"recipe": {**defaults, **recipe}}, context={"stored": True}
        )
    except ValidationError as error:
        raise UserError(f"a stored spec does not fit this version: {problem(error)}") from None


def remember(recipe: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """Keep the sizes of a stored recipe's network for this process."""
    architecture = Architecture(
        recipe["network"],
        Arguments(recipe.get("network_arguments", {})),
        recipe.get("network_version", ""),
    )
    found = data.facts(recipe["data"])
    known.remember(architecture, read(facts), found.kind == "tokens", found.label_shape)


def _base(sweep: Sweep) -> str:
    """The built-in recipe whose name the sweep's recipe begins with; any will do, as every field
    is given."""
    name = sweep.recipe.name.partition(" with ")[0]
    return name if name in RECIPES else min(RECIPES)
