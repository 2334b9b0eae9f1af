"""The names of networks: built in, `torchvision:NAME`, installed, or `module:object`. No torch."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from trainables.arguments import NO_ARGUMENTS, Arguments
from trainables.networks.architecture import Architecture
from trainables.networks.facts import NETWORKS
from trainables.registry import Door, PluginError

if TYPE_CHECKING:
    from torch import nn

TABLE = {
    "digits-mlp": "trainables.networks.digits_mlp:build",
    "lenet-300-100": "trainables.networks.lenet_300_100:build",
    "resnet20-cifar": "trainables.networks.resnet20_cifar:build",
    "resnet8-narrow-cifar": "trainables.networks.resnet20_cifar:narrow",
    "resnet18-cifar": "trainables.networks.resnet18_cifar:build",
    "vgg16-cifar": "trainables.networks.vgg16_cifar:build",
    "wide-resnet-cifar": "trainables.networks.wide_resnet:build",
    "resnet26-narrow": "trainables.networks.resnet26_narrow:build",
    "resnet50": "trainables.networks.resnet50:build",
    "inception-v3": "trainables.networks.inception_v3:build",
    "tiny-gpt": "trainables.networks.tiny_gpt:build",
}
"""Name -> function that builds the network. Its arguments have defaults; `classes` and `inputs`
(the shape of an example) are given where the data ask for others."""

MADE_FOR = {
    "digits-mlp": (1, 8, 8),
    "lenet-300-100": (1, 28, 28),
    "resnet20-cifar": (3, 32, 32),
    "resnet8-narrow-cifar": (3, 32, 32),
    "resnet18-cifar": (3, 32, 32),
    "vgg16-cifar": (3, 32, 32),
    "wide-resnet-cifar": (3, 32, 32),
    "resnet26-narrow": (3, 64, 64),
    "resnet50": (3, 224, 224),
    "inception-v3": (3, 299, 299),
    "tiny-gpt": (32,),
}
"""Shape of the examples that the built-in networks are for, as they are by default."""

OF_TOKENS = ("tiny-gpt",)
"""Built-in networks whose examples are integers, and which give logits for each of these."""

TOKENS = {"tiny-gpt"}
"""Built-in networks whose examples are tokens; those of the others are numbers."""

DOOR = Door("network", TABLE, "stability_sweeps.networks")

TORCHVISION = "torchvision:"
"""Begins the names of torchvision's classifiers."""

CLASSES, INPUTS = ("classes", "num_classes"), ("inputs", "input_shape")
"""Arguments that follow from the data where a network takes them and a spec does not say them."""


def is_own(name: str) -> bool:
    """Whether a network is of a user's own or an installed package's code."""
    return name not in TABLE and not name.startswith(TORCHVISION)


def construct(architecture: Architecture) -> nn.Module:
    """Return a network as its builder makes it.

    Raises KeyError if there is no such network, PluginError where its arguments are wrong, or a
    user's own code is; and what the builder of a built-in network raises for a wrong value.
    """
    from torch import nn

    name, arguments = architecture.name, architecture.arguments
    if name.startswith(TORCHVISION):
        return _torchvision(name, arguments)
    network = DOOR.call(name, **arguments)
    if not isinstance(network, nn.Module):
        raise PluginError(
            f"network {name}: it returned a {type(network).__name__}, not a torch.nn.Module"
        )
    return network


def completed(name: str, given: Mapping[str, Any], shape: Sequence[int], classes: int) -> Arguments:
    """Return a network's arguments with what follows from the data.

    `shape` is that of an example. A built-in network's own defaults stay where they suit the data,
    and arguments at their default are left out. Raises as `construct`.
    """
    if name.startswith(TORCHVISION):
        return Arguments({"num_classes": classes} | dict(given))
    built_in = NETWORKS.get(name)
    follows: dict[str, Any] = {}
    if built_in is None or built_in.classes < classes:
        follows |= dict.fromkeys(CLASSES, classes)
    if built_in is None or built_in.inputs != tuple(shape):
        follows |= {one: list(shape) for one in INPUTS}
    if built_in and not follows and not given:
        return NO_ARGUMENTS
    try:
        known = inspect.signature(DOOR.find(name)).parameters
    except (TypeError, ValueError):  # calling it will tell
        return Arguments(given)
    found = {one: value for one, value in follows.items() if one in known} | dict(given)
    if built_in:
        usual = {one: p.default for one, p in known.items()}
        found = {one: v for one, v in found.items() if one not in usual or _differ(v, usual[one])}
    return Arguments(found)


def _differ(value: Any, usual: Any) -> bool:
    return Arguments({"": value}) != Arguments({"": usual})


def _torchvision(name: str, arguments: Mapping[str, Any]) -> nn.Module:
    from torchvision import models

    own = name.removeprefix(TORCHVISION)
    classifiers = models.list_models(module=models)
    if own not in classifiers:
        near = get_close_matches(own, classifiers, 1)
        guess = f"; did you mean {TORCHVISION}{near[0]}?" if near else ""
        raise PluginError(f"network {name}: torchvision has no such classifier{guess}")
    try:
        network: nn.Module = models.get_model(own, weights=None, **arguments)
    except (TypeError, ValueError) as error:
        raise PluginError(f"network {name}: {error}") from None
    # Builders of torchvision take any argument, and may do nothing with it.
    taken = {*_parameters(models.get_model_builder(own)), *_parameters(type(network))}
    if others := sorted(set(arguments) - taken):
        raise PluginError(
            f"network {name}: it has no argument {others[0]!r}; allowed: {', '.join(sorted(taken))}"
        )
    return network


def _parameters(function: Callable[..., Any]) -> list[str]:
    """Return the names of a builder's arguments that a spec may set."""
    known = inspect.signature(function).parameters.values()
    named = [one.name for one in known if one.kind is not inspect.Parameter.VAR_KEYWORD]
    return [name for name in named if name not in ("weights", "progress", "self")]


def crop_default(name: str) -> int | None:
    """Return the side of the squares that a network's images from files are cropped to.

    None where that is not known: networks of a user's own.
    """
    if name in MADE_FOR:
        return MADE_FOR[name][-1]
    if name.startswith(TORCHVISION):
        return 299 if name == f"{TORCHVISION}inception_v3" else 224
    return None
