"""Networks by name. A built-in network is one file, and a row of `table.TABLE`.

A recipe may also name a classifier of torchvision, or a network of its user's own
(docs/how-to/own-network.md). Nothing here imports torch until a network is built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from trainables.arguments import Arguments
from trainables.networks.architecture import Architecture
from trainables.networks.facts import NETWORKS as NETWORKS
from trainables.networks.facts import Facts as Facts
from trainables.networks.table import DOOR as DOOR
from trainables.networks.table import MADE_FOR as MADE_FOR
from trainables.networks.table import TABLE as TABLE
from trainables.networks.table import completed as completed
from trainables.networks.table import construct
from trainables.networks.table import crop_default as crop_default
from trainables.networks.table import is_own as is_own

if TYPE_CHECKING:
    from torch import Tensor, nn

    from trainables.weights import Weights


SHORTCUTS = ("shortcut", "downsample", "skip")
"""What modules of residual shortcuts are called: here, in torchvision and elsewhere."""

Initialization = Literal["kaiming-normal", "glorot-normal"]


def build(what: Architecture | str) -> nn.Module:
    """Return a network, uninitialised; of a name alone, at its default arguments.

    BatchNorm keeps no count of batches: without the integer every value of a state is a float that
    can be interpolated. What a network of a user's own draws while it is made, such as constants,
    is the same at each call. Raises as `table.construct`.
    """
    import torch
    from torch.nn.modules.batchnorm import _BatchNorm

    architecture = Architecture.of(what)
    if is_own(architecture.name):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            network = construct(architecture)
    else:
        network = construct(architecture)
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.num_batches_tracked = None
            if module.momentum is None:
                raise ValueError("BatchNorm with momentum None counts batches: give it a number")
    return network


def named(name: str, **arguments: Any) -> nn.Module:
    """Return a network by its name and arguments, uninitialised, as `build` does."""
    return build(Architecture(name, Arguments(arguments)))


def state(network: nn.Module) -> Weights:
    """Return a network's own tensors by name: parameters first, then statistics."""
    parameters = {name: p.detach() for name, p in network.named_parameters()}
    return parameters | statistics(network)


def statistics(network: nn.Module) -> Weights:
    """Return the tensors that move or are drawn but are not trained, such as running means.

    Buffers of integers or truth values, and those that `state_dict` leaves out, are constants of
    the network, and no part of its state.
    """
    return {
        f"{prefix}.{name}".lstrip("."): buffer
        for prefix, module in network.named_modules()
        for name, buffer in module._buffers.items()
        if buffer is not None
        and buffer.is_floating_point()
        and name not in module._non_persistent_buffers_set
    }


def bind(network: nn.Module, weights: Weights) -> None:
    """Make a network use these tensors, without a copy. Raises KeyError if one is missing.

    Its constants go where the tensors are.
    """
    for name, parameter in network.named_parameters():
        parameter.data = weights[name]
    own = statistics(network)
    for name in own:
        place, _, leaf = name.rpartition(".")
        network.get_submodule(place)._buffers[leaf] = weights[name]
    device = next((value.device for value in weights.values()), None)
    for name, buffer in network.named_buffers():
        if name not in own and buffer.device != device:
            place, _, leaf = name.rpartition(".")
            network.get_submodule(place)._buffers[leaf] = buffer.to(device)


def prunable(
    network: nn.Module, output: bool = True, first: bool = True, shortcuts: bool = True
) -> list[str]:
    """Return the names of the weights of convolutional and linear layers (Unmasking, appendix C).

    The output layer, the last of them, is left out where `output` is false; the first of them where
    `first` is; 1x1 convolutions of residual shortcuts where `shortcuts` is. A weight that a layer
    shares with an embedding, say, is not prunable.
    """
    from torch import nn

    own = {name for name, _ in network.named_parameters()}
    names = [
        name
        for place, module in network.named_modules()
        if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d)
        and (name := f"{place}.weight".lstrip(".")) in own
    ]
    left_out = set(names[-1:] if not output else []) | set(names[:1] if not first else [])
    if not shortcuts:
        left_out |= {name for name in names if _is_shortcut(network, name)}
    return [name for name in names if name not in left_out]


def _is_shortcut(network: nn.Module, name: str) -> bool:
    """Whether a weight is that of a 1x1 convolution in a module that is named as shortcuts are."""
    place = name.rpartition(".")[0]
    size = getattr(network.get_submodule(place), "kernel_size", None)
    return size is not None and set(size) == {1} and any(p in SHORTCUTS for p in place.split("."))


def draws(network: nn.Module, name: str) -> bool:
    """Whether a network may draw random numbers when it is trained: Dropout, say."""
    if is_own(name):
        return True
    kinds = ("Dropout", "StochasticDepth", "RReLU")
    bases = {base.__name__ for module in network.modules() for base in type(module).__mro__}
    return any(kind in base for base in bases for kind in kinds)


def channels_last(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors, those of convolutions in the layout that is fastest to compute with.

    Results have other bits in another layout: every use of a network goes through here.
    """
    import torch

    return {
        name: value.contiguous(memory_format=torch.channels_last) if value.ndim == 4 else value
        for name, value in weights.items()
    }


def initial_weights(
    what: Architecture | str,
    initialization: Initialization,
    stream: str,
    seed: int,
    std: float | None = None,
    batchnorm_scale: Literal["one", "uniform"] = "one",
) -> Weights:
    """Return W_0, drawn from a stream of a seed (see `initialization.draw`)."""
    from trainables.networks.initialization import draw

    return draw(Architecture.of(what), initialization, stream, seed, std, batchnorm_scale)
