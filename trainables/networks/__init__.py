"""Networks by name. A network is one file with a `build()`, and a row of `NETWORKS`.

The table holds what planning needs, so that planning needs no torch; the tests compare it with
the networks themselves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from trainables.networks.architecture import Architecture
from trainables.seeds import generator

if TYPE_CHECKING:
    from torch import Tensor, nn

    from trainables.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Sizes of a network, by count."""

    module: str
    """Where its `build()` lies."""
    arguments: dict[str, Any] = field(default_factory=dict)
    """Of `build()`, for a variant."""
    inputs: tuple[int, int, int]
    """Channels, height and width of an example."""
    classes: int
    parameters: int
    """Trainable values."""
    prunable: int
    """Weights of convolutional and linear layers, the output layer's included."""
    output: int
    """Weights of the output layer."""
    statistics: int
    """BatchNorm's running means and variances."""
    kernels: int
    """Linear, convolutional, BatchNorm and activation layers: what an iteration costs at least,
    however small they are."""
    forward_flops: int
    """Floating-point operations of one example's forward pass (2 a multiply-add)."""
    vector_flops: int
    """The same with a convolution's channels rounded up to 16, as many as a CPU computes at
    once."""
    activations: int
    """Values that linear, convolutional and BatchNorm layers write in one example's forward
    pass."""
    first_flops: int = 0
    """Those of an MLP's first layer, which a path computes at its ends alone."""
    stackable: bool = True
    """Whether `trainables.networks.stacked` can put replicas of it side by side."""

    def prunable_with(self, output: bool) -> int:
        """Return how many weights can be pruned, with or without those of the output layer."""
        return self.prunable if output else self.prunable - self.output


NETWORKS: dict[str, Facts] = {
    "digits-mlp": Facts(
        module="trainables.networks.digits_mlp",
        inputs=(1, 8, 8),
        classes=10,
        parameters=15_658,
        prunable=15_072,
        output=480,
        statistics=576,
        kernels=19,
        forward_flops=30_144,
        vector_flops=30_144,
        activations=586,
        first_flops=6_144,
    ),
    "lenet-300-100": Facts(
        module="trainables.networks.lenet_300_100",
        inputs=(1, 28, 28),
        classes=10,
        parameters=266_610,
        prunable=266_200,
        output=1_000,
        statistics=0,
        kernels=5,
        forward_flops=532_400,
        vector_flops=532_400,
        activations=410,
        first_flops=470_400,
    ),
    "resnet20-cifar": Facts(
        module="trainables.networks.resnet20_cifar",
        inputs=(3, 32, 32),
        classes=10,
        parameters=272_474,
        prunable=270_896,
        output=640,
        statistics=1_568,
        kernels=62,
        forward_flops=81_626_368,
        vector_flops=85_460_224,
        activations=401_418,
    ),
    "resnet8-narrow-cifar": Facts(
        module="trainables.networks.resnet20_cifar",
        arguments={"width": 8, "depth": 1},
        inputs=(3, 32, 32),
        classes=10,
        parameters=19_954,
        prunable=19_608,
        output=320,
        statistics=336,
        kernels=26,
        forward_flops=6_472_320,
        vector_flops=18_481_792,
        activations=86_026,
    ),
    "vgg16-cifar": Facts(
        module="trainables.networks.vgg16_cifar",
        inputs=(3, 32, 32),
        classes=10,
        parameters=14_724_042,
        prunable=14_715_584,
        output=5_120,
        statistics=8_448,
        kernels=40,
        forward_flops=626_403_328,
        vector_flops=641_738_752,
        activations=552_970,
    ),
    "resnet18-cifar": Facts(
        module="trainables.networks.resnet18_cifar",
        inputs=(3, 32, 32),
        classes=100,
        parameters=11_220_132,
        prunable=11_210_432,
        output=51_200,
        statistics=9_600,
        kernels=58,
        forward_flops=1_110_937_600,
        vector_flops=1_126_273_024,
        activations=1_228_900,
    ),
    "resnet26-narrow": Facts(
        module="trainables.networks.resnet26_narrow",
        inputs=(3, 64, 64),
        classes=10,
        parameters=884_314,
        prunable=876_592,
        output=5_120,
        statistics=7_712,
        kernels=84,
        forward_flops=27_502_592,
        vector_flops=48_375_808,
        activations=300_042,
    ),
    "resnet50": Facts(
        module="trainables.networks.resnet50",
        inputs=(3, 224, 224),
        classes=1000,
        parameters=25_557_032,
        prunable=25_502_912,
        output=2_048_000,
        statistics=53_120,
        kernels=156,
        forward_flops=8_178_368_512,
        vector_flops=9_201_156_096,
        activations=22_228_968,
    ),
    "inception-v3": Facts(
        module="trainables.networks.inception_v3",
        inputs=(3, 299, 299),
        classes=1000,
        parameters=27_161_264,
        prunable=27_123_040,
        output=2_048_000,
        statistics=36_224,
        # Kernels and operations are without the auxiliary output, which only training has.
        kernels=283,
        forward_flops=11_426_432_192,
        vector_flops=11_592_673_280,
        activations=17_935_976,
        stackable=False,  # it joins feature maps along their channels
    ),
}


def facts(recipe: Recipe) -> Facts:
    """Return the sizes of a recipe's network."""
    return NETWORKS[recipe.network]


def build(what: Architecture | str) -> nn.Module:
    """A network, uninitialised; of a name alone, at its default arguments.

    BatchNorm keeps no count of batches: its momentum is fixed, and without the integer every
    value of a state is a float that can be interpolated.
    """
    from torch.nn.modules.batchnorm import _BatchNorm

    architecture = Architecture.of(what)
    of = NETWORKS[architecture.name]
    network: nn.Module = import_module(of.module).build(**of.arguments | architecture.arguments)
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.num_batches_tracked = None
    return network


def state(network: nn.Module) -> dict[str, Tensor]:
    """A network's own tensors by name: parameters first, then BatchNorm's statistics."""
    parameters = {name: p.detach() for name, p in network.named_parameters()}
    return parameters | dict(network.named_buffers())


def bind(network: nn.Module, weights: dict[str, Tensor]) -> None:
    """Make a network use these tensors, without a copy. Raises KeyError if one is missing."""
    for name, parameter in network.named_parameters():
        parameter.data = weights[name]
    for module_name, module in network.named_modules():
        for buffer in list(module._buffers):
            if module._buffers[buffer] is not None:
                module._buffers[buffer] = weights[f"{module_name}.{buffer}".lstrip(".")]


def prunable(network: nn.Module, output: bool = True) -> list[str]:
    """Names of the weights of convolutional and linear layers (Unmasking, appendix C).

    The output layer, the last of them, is left out where `output` is false.
    """
    from torch import nn

    names = [
        f"{name}.weight".lstrip(".")
        for name, module in network.named_modules()
        if isinstance(module, nn.Linear | nn.Conv2d)
    ]
    return names if output else names[:-1]


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
    initialization: Literal["kaiming-normal", "glorot-normal"],
    stream: str,
    seed: int,
) -> dict[str, Tensor]:
    """W_0: a network's state drawn from the stream (`stream`, `seed`), one tensor a stream."""
    import torch

    network = build(what)
    weights = {key: value.clone() for key, value in state(network).items()}
    drawn = set(prunable(network))
    for key, value in weights.items():
        if key in drawn:
            fan_in, fan_out = value[0].numel(), value[:, 0].numel()
            fan = fan_in if initialization == "kaiming-normal" else fan_in + fan_out
            value.normal_(0, math.sqrt(2 / fan), generator=generator(stream, seed, key))
        else:
            value.fill_(1.0 if _starts_at_one(network, key) else 0.0)
    assert all(torch.isfinite(value).all() for value in weights.values())
    return weights


def _starts_at_one(network: nn.Module, name: str) -> bool:
    from torch.nn.modules.batchnorm import _BatchNorm

    module, _, leaf = name.rpartition(".")
    is_batchnorm = isinstance(network.get_submodule(module), _BatchNorm)
    return is_batchnorm and leaf in ("weight", "running_var")
