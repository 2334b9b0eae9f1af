"""Initial weights, right for every kind of module."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from trainables import networks
from trainables.networks import Initialization
from trainables.networks.architecture import Architecture
from trainables.networks.table import construct
from trainables.seeds import derive, generator
from trainables.weights import Weights


def draw(
    architecture: Architecture,
    initialization: Initialization,
    stream: str,
    seed: int,
    std: float | None = None,
    batchnorm_scale: Literal["one", "uniform"] = "one",
) -> Weights:
    """Return a network's state drawn from the stream (`stream`, `seed`).

    - Weights of convolutional and linear layers: normal, with a variance of 2 / fan-in (He et al.,
      2015, equation 10) or 2 / (fan-in + fan-out) (Glorot and Bengio, 2010, equation 12); each
      tensor from a stream of its own. Their biases are 0.
      With `std`, all parameters of two or more dimensions, embeddings too, are normal with this
      deviation instead.
    - BatchNorm: scale 1, or uniform in [0, 1) from a stream of each tensor's own; shift 0, running
      mean 0, running variance 1.
    - Everything else, such as embeddings or the scales of other normalising layers: as the module
      initialises it, with torch's generator seeded from the stream.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive("module", stream, seed))
        made = construct(architecture)
    weights = {name: value.clone() for name, value in networks.state(made).items()}
    drawn = set(networks.prunable(made))
    parameters = {name for name, _ in made.named_parameters()}
    for name, value in weights.items():
        if std is not None and name in parameters and value.ndim > 1:
            value.normal_(0, std, generator=generator(stream, seed, name))
        elif name in drawn:
            fan_in, fan_out = value[0].numel(), value[:, 0].numel()
            fan = fan_in if initialization == "kaiming-normal" else fan_in + fan_out
            value.normal_(0, math.sqrt(2 / fan), generator=generator(stream, seed, name))
        elif batchnorm_scale == "uniform" and _is_scale(made, name):
            value.uniform_(generator=generator(stream, seed, name))
        elif (constant := _constant(made, name, drawn)) is not None:
            value.fill_(constant)
    return weights


def _is_scale(network: nn.Module, name: str) -> bool:
    """Return whether a tensor is a BatchNorm's scale."""
    place, _, leaf = name.rpartition(".")
    return leaf == "weight" and isinstance(network.get_submodule(place), _BatchNorm)


def _constant(network: nn.Module, name: str, drawn: set[str]) -> float | None:
    """Return the number with which a tensor starts; None where its module knows better."""
    place, _, leaf = name.rpartition(".")
    module = network.get_submodule(place)
    if isinstance(module, _BatchNorm):
        return 1.0 if leaf in ("weight", "running_var") else 0.0
    if leaf == "bias" and f"{place}.weight".lstrip(".") in drawn:
        return 0.0
    return None
