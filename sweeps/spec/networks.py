"""The network of a recipe: found by name, with the arguments that follow from the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sweeps.errors import did_you_mean, one_line, shown
from sweeps.spec.fields import error_at
from trainables import data
from trainables.networks import DOOR, NETWORKS, TABLE, completed, is_own
from trainables.networks.table import TORCHVISION
from trainables.registry import PluginError


def with_network(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments and the version of a recipe's network.

    Raises an error if there is no such network, or it does not take these arguments.
    """
    name, given = recipe["network"], recipe["network_arguments"]
    examples = data.facts(recipe["data"])
    built_in = NETWORKS.get(name)
    fits = built_in is not None and (
        examples.shape in (None, built_in.inputs) and built_in.classes >= examples.classes
    )
    try:
        arguments = completed(name, given, examples.shape or (), examples.classes, fits)
        return {"network_arguments": arguments, "network_version": version(name)}
    except KeyError:
        raise error_at(
            ("recipe", "network"),
            f"unknown network {shown(name)}{did_you_mean(name, [*TABLE, *DOOR.names()])}, "
            f"{TORCHVISION}NAME, or module:object of your own",
        ) from None
    except PluginError as error:
        raise error_at(("recipe", "network"), one_line(str(error), 400)) from None
    except ValueError as error:
        raise error_at(("recipe", "network_arguments"), one_line(str(error), 200)) from None


def version(name: str) -> str:
    """Return the identity of the code of a network; empty if it is built in or torchvision's."""
    return DOOR.identity(name) if is_own(name) else ""
