"""The pruning method of a recipe: found by name, with its options checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainables import pruning
from trainables.completing.misfit import Misfit
from trainables.completing.options import checked
from trainables.registry import PluginError
from trainables.wording import did_you_mean, one_line, shown


def with_pruning(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a recipe's method that are not at their default, and what its code is.

    Raises an error if there is no such method, or it does not take these options.
    """
    name, here = recipe["pruning_method"], ("recipe", "pruning_method")
    try:
        method = pruning.find(name, recipe["pruning_options"])
        version = pruning.version(name)
    except KeyError:
        raise Misfit(
            here,
            f"unknown pruning method {shown(name)}{did_you_mean(name, pruning.DOOR.names())}, or "
            "module:object of your own",
        ) from None
    except PluginError as error:
        raise Misfit(here, one_line(str(error), 400)) from None
    given = recipe["pruning_options"]
    if method.Options is not dict:
        place = ("recipe", "pruning_options")
        given = checked(method.Options, given, place, f"the pruning method {name}")
        with_defaults = method.Options(**given)
        given = pruning.plain_options(name, with_defaults)
    built_in = name in pruning.METHODS
    return {
        "pruning_options": given,
        "pruning_version": version,
        "pruning_when": "" if built_in else method.when,
    }
