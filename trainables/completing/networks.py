"""The network of a recipe: found by name, with the arguments that follow from the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainables import data
from trainables.completing.misfit import Misfit
from trainables.networks import DOOR, completed, is_own
from trainables.networks.table import TABLE, TOKENS, TORCHVISION, crop_default
from trainables.registry import PluginError
from trainables.wording import did_you_mean, one_line, shown


def with_network(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments and the version of a recipe's network.

    Raises an error if there is no such network, or it does not take these arguments.
    """
    name, given = recipe["network"], recipe["network_arguments"]
    tokens = data.facts(recipe["data"]).kind == "tokens"
    if name in TABLE and tokens != (name in TOKENS):
        takes, has = ("tokens", "numbers") if name in TOKENS else ("numbers", "tokens")
        raise Misfit(
            ("recipe", "network"),
            f"{name} takes {takes}, but examples of {recipe['data']} are {has}",
        )
    try:
        arguments = completed(name, given, _shape(recipe), data.facts(recipe["data"]).classes)
        return {"network_arguments": arguments, "network_version": version(name)}
    except KeyError:
        raise Misfit(
            ("recipe", "network"),
            f"unknown network {shown(name)}{did_you_mean(name, DOOR.names())}, "
            f"{TORCHVISION}NAME, or module:object of your own",
        ) from None
    except PluginError as error:
        raise Misfit(("recipe", "network"), one_line(str(error), 400)) from None
    except ValueError as error:
        where = "network_arguments" if given else "network"
        raise Misfit(("recipe", where), one_line(str(error), 200)) from None


def _shape(recipe: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the shape of an example as the network gets it; empty where nobody says it."""
    name, shape = recipe["data"], data.facts(recipe["data"]).shape
    if shape is not None and not data.is_folder(name) and recipe["augmentation"] != "crop-flip":
        return shape
    side = recipe["crop_size"] or crop_default(recipe["network"])
    return (3, side, side) if side else ()


def version(name: str) -> str:
    """Return the identity of the code of a network; empty if it is built in or torchvision's."""
    return DOOR.identity(name) if is_own(name) else ""
