"""Counting the sizes of a network, and checking that it is of use.

`python -m trainables.networks.counting` counts those of the built-in networks again.
"""

from __future__ import annotations

import json
import math
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

from trainables import networks
from trainables.networks.architecture import Architecture
from trainables.networks.facts import FILE, Facts, Shape
from trainables.networks.mlp import MLP
from trainables.networks.stacked import replicas_agree
from trainables.networks.table import DOOR, MADE_FOR, OF_TOKENS, is_own
from trainables.registry import PluginError

KERNELS = {
    "linear", "conv1d", "conv2d", "conv3d", "conv_transpose2d", "embedding",
    "batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm",
    "relu", "relu_", "leaky_relu", "gelu", "silu", "elu", "sigmoid", "tanh", "hardswish",
    "softmax", "scaled_dot_product_attention", "multi_head_attention_forward", "matmul", "bmm",
}  # fmt: skip
"""torch's functions that take time however small their arguments are."""

CURVED = {"gelu", "silu", "elu", "sigmoid", "tanh", "softmax", "scaled_dot_product_attention"}
"""Those that compute exponentials or the like of each value."""

VECTOR = 16
"""Channels that a CPU computes at once."""

STACKED_FLOPS = 1e10
"""Of a forward pass, above which replicas of a network are no gain: it fills the hardware."""


def count(
    architecture: Architecture, shape: Shape, integers: bool = False, labels: Shape = ()
) -> Facts:
    """Return the sizes of a network for examples of a shape, whose labels have the shape `labels`.

    Raises KeyError if there is no such network; PluginError where it cannot be built, does not
    give finite logits [B, *labels, classes] for a batch of examples, or is not of 32-bit floats.
    """
    name = architecture.name
    with warnings.catch_warnings(), DOOR.calling(name) if is_own(name) else _told(name):
        warnings.simplefilter("ignore")  # of what is told in a line
        network = networks.build(architecture).eval()
        _check_tensors(name, network)
        networks.bind(network, networks.initial_weights(architecture, "kaiming-normal", "init", 1))
        logits = _logits(network, _examples(shape, 2, integers))
        _check_logits(name, network, logits, _examples(shape, 2, integers), labels)
        counted = _count_layers(network, _examples(shape, 1, integers))
    weights = dict(network.named_parameters())
    prunable = [weights[key] for key in networks.prunable(network)]
    shortcuts = {*networks.prunable(network)} - {*networks.prunable(network, shortcuts=False)}
    flops = counted["flops"]
    return Facts(
        inputs=shape,
        classes=logits.shape[-1],
        parameters=sum(p.numel() for p in network.parameters()),
        prunable=sum(weight.numel() for weight in prunable),
        output=prunable[-1].numel() if prunable else 0,
        first=prunable[0].numel() if prunable else 0,
        shortcuts=sum(weights[key].numel() for key in shortcuts),
        statistics=sum(t.numel() for t in networks.statistics(network).values()),
        batchnorm=any(isinstance(module, _BatchNorm) for module in network.modules()),
        kernels=counted["kernels"],
        forward_flops=flops,
        vector_flops=flops + counted["rounded"],
        activations=counted["activations"],
        curved=counted["curved"],
        convolutional=counted["convolutions"] > 0,
        first_flops=_first_flops(network),
        stackable=flops <= STACKED_FLOPS
        and not integers
        and not labels
        and replicas_agree(architecture, shape),
    )


def _first_flops(network: nn.Module) -> int:
    if type(network) is not MLP:
        return 0
    first, _ = network.hidden_layers()[0]
    return 2 * first.weight.numel()


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Raise what torch raises in a network of torchvision as a PluginError of one line."""
    try:
        yield
    except PluginError:
        raise
    except Exception as error:  # AssertionError and IndexError, too
        line = " ".join(str(error).split())[:200] or type(error).__name__
        raise PluginError(f"network {name}: {line}") from None


def _examples(shape: Shape, number: int, integers: bool) -> Tensor:
    """Return made-up examples, the same at each call."""
    if integers:
        return torch.zeros(number, *shape, dtype=torch.int64)
    return torch.randn(number, *shape, generator=torch.Generator().manual_seed(0))


def _logits(network: nn.Module, examples: Tensor) -> Any:
    with torch.no_grad():
        return network(examples)


def _check_tensors(name: str, network: nn.Module) -> None:
    lazy = (nn.UninitializedParameter, nn.UninitializedBuffer)
    for key, parameter in [*network.named_parameters(), *network.named_buffers()]:
        if isinstance(parameter, lazy):
            raise PluginError(f"network {name}: {key} has no shape yet: lazy modules are of no use")
    for key, value in networks.state(network).items():
        if value.dtype != torch.float32:
            raise PluginError(f"network {name}: {key} is {value.dtype}; wanted are 32-bit floats")
    if not list(network.parameters()):
        raise PluginError(f"network {name}: it has no parameters")


def _check_logits(
    name: str, network: nn.Module, logits: Any, examples: Tensor, labels: Shape
) -> None:
    """Raise PluginError unless these are logits; in training, more outputs may follow."""
    wanted = [len(examples), *labels]
    network.train()
    outputs = _logits(network, examples)
    network.eval()
    found = list(outputs) if isinstance(outputs, tuple) else [outputs]
    for one in (logits, *found):
        if not isinstance(one, Tensor) or list(one.shape[:-1]) != wanted:
            got = f"shape {list(one.shape)}" if isinstance(one, Tensor) else type(one).__name__
            raise PluginError(
                f"network {name}: of {len(examples)} examples of shape {list(examples.shape[1:])} "
                f"it makes {got}; wanted are logits [{', '.join(map(str, wanted))}, classes]"
                + (f", as an example has labels of shape {list(labels)}" if labels else "")
            )
    if not bool(logits.isfinite().all()):
        raise PluginError(f"network {name}: its initial logits are not finite")


class _Calls(TorchFunctionMode):
    """Counts calls of torch's functions by name, outermost first, and values of the curved ones."""

    def __init__(self) -> None:
        super().__init__()
        self.count: Counter[str] = Counter()
        self.curved = 0

    def __torch_function__(
        self, function: Any, types: Any, arguments: Any = (), named: Any = None
    ) -> Any:
        name = getattr(function, "__name__", "")
        self.count[name] += 1
        values = function(*arguments, **(named or {}))
        if name in CURVED and isinstance(values, Tensor):
            self.curved += values.numel()
            if name == "scaled_dot_product_attention" and len(arguments) > 1:
                keys = arguments[1].shape[-2]  # a score for each query and key
                self.curved += values[..., 0].numel() * keys - values.numel()
        return values


def _count_layers(network: nn.Module, example: Tensor) -> dict[str, int]:
    """Return `kernels` and `convolutions` among them, `flops`, `activations`, `curved` values, and
    operations that are `rounded` up beside."""
    counted = {"rounded": 0, "activations": 0}

    def layer(module: nn.Module, inputs: Any, output: Any) -> None:
        values = output[0] if isinstance(output, tuple) else output
        if isinstance(values, Tensor):
            counted["activations"] += values.numel()
            if isinstance(module, nn.Conv2d):
                counted["rounded"] += _rounded(module, values)

    handles = [
        module.register_forward_hook(layer)
        for module in network.modules()
        if isinstance(module, _BatchNorm) or module._parameters
    ]
    try:
        with torch.no_grad(), _Calls() as calls:
            network(example)
        for handle in handles:
            handle.remove()
        with torch.no_grad(), FlopCounterMode(display=False) as flops:
            network(example)
    finally:
        for handle in handles:
            handle.remove()
    kernels = sum(calls.count[kind] for kind in KERNELS)
    counted["curved"] = calls.curved
    counted["convolutions"] = sum(calls.count[kind] for kind in KERNELS if kind.startswith("conv"))
    return counted | {"kernels": kernels, "flops": int(flops.get_total_flops())}


def _rounded(module: nn.Conv2d, output: Tensor) -> int:
    """Return by how many operations a convolution grows when its channels are rounded up."""
    operations = plain = 2 * output.numel() * module.weight[0].numel()
    for channels in (module.in_channels, module.out_channels):
        operations = operations // channels * (VECTOR * math.ceil(channels / VECTOR))
    return operations - plain


def built_in() -> dict[str, Facts]:
    """Return the facts of the built-in networks as they are by default."""
    return {name: usual(name) for name in MADE_FOR}


def usual(name: str) -> Facts:
    """Return the facts of a built-in network as it is by default."""
    shape, of_tokens = MADE_FOR[name], name in OF_TOKENS
    return count(Architecture(name), shape, of_tokens, shape if of_tokens else ())


if __name__ == "__main__":
    FILE.write_text(
        json.dumps({name: asdict(facts) for name, facts in built_in().items()}, indent=1) + "\n"
    )
