"""A spec's recipe: a built-in one's name, or `base` with overrides, completed and checked.

What a recipe leaves open (`auto`) is chosen for the machines in the validation context
(`machines`), or for this one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

from pydantic import BaseModel, Field, ValidationInfo, WrapValidator, create_model

from sweeps import placement
from sweeps.spec.fields import STRICT, Length, Rate, error_of, unfit
from trainables.completing.misfit import Misfit
from trainables.completing.recipe import check_base, complete, made, with_defaults
from trainables.recipe import Recipe

OTHERWISE = {
    "iterations": Length,
    "warmup": Length,
    "milestones": list[Length],
    "network_arguments": dict[str, Any],
    "final_rate": Rate,
    "pruning_options": dict[str, Any],
    "device": Literal["auto", "cpu", "cuda"],
    "backend": Literal["auto", "loop", "stacked"],
}
"""Types of fields that a spec may give in other ways than a recipe has them."""

LENGTH = "T, as `iterations`; milestones and warm-up that are not given keep their share of it."

_types = get_type_hints(Recipe) | OTHERWISE
_given: dict[str, Any] = {field.name: (_types[field.name], None) for field in fields(Recipe)}

RecipeFields: type[BaseModel] = create_model(
    "RecipeFields",
    __config__=STRICT,
    base=(str, Field(description="The built-in recipe that fields given beside it change.")),
    length=(Length, Field(None, description=LENGTH)),
    **_given,
)
"""What may stand under `recipe`: what is given is checked, so that errors name the field."""


def _complete(value: Any, check: Callable[[Any], Any], info: ValidationInfo) -> Recipe:
    """The recipe that a name, or `base` with overrides, means."""
    if isinstance(value, str):
        value = {"base": value}
    if not isinstance(value, dict):
        raise unfit()
    context = info.context or {}
    try:
        check_base(value)
        checked = check(value)
        given = {name: getattr(checked, name) for name in checked.model_fields_set}
        recipe = with_defaults(given, value)
        if context.get("stored"):  # all is said, and what it names may not be at hand
            return made(recipe)
        machines = context.get("machines") or placement.this_machine()
        return complete(recipe, given, machines.gpus)
    except Misfit as misfit:
        raise error_of(misfit) from None


if TYPE_CHECKING:
    RecipeField = Recipe
else:
    RecipeField = Annotated[RecipeFields, WrapValidator(_complete)]
