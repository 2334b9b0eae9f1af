"""Networks side by side: R replicas of one network as a single module.

Every tensor of the stack is its replicas' tensors one after the other along the first dimension,
under the same name; channels (or features) of replica r stand at r * C ... (r + 1) * C. So a
convolution becomes a grouped one, BatchNorm and pooling stay what they are, and a replica's
tensors are slices of the stack's, without a copy (Wang et al., HFTA, 2021).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from trainables import networks
from trainables.networks.architecture import Architecture

ALIGNED = 16
"""Values in 64 bytes of 32-bit floats."""


class StackedLinear(nn.Module):
    """R linear layers: [B, R * inputs] to [B, R * outputs]."""

    def __init__(self, of: nn.Linear, replicas: int):
        super().__init__()
        self.replicas = replicas
        self.weight = nn.Parameter(of.weight.detach().repeat(replicas, 1))
        self.bias = None if of.bias is None else nn.Parameter(of.bias.detach().repeat(replicas))

    def forward(self, inputs: Tensor) -> Tensor:
        sides = inputs.view(len(inputs), self.replicas, -1).transpose(0, 1)
        weight = self.weight.view(self.replicas, -1, self.weight.shape[1])
        if sides.shape[-1] % 4:
            sides, weight = _aligned(sides), _aligned(weight)
        outputs = torch.bmm(sides, weight.transpose(1, 2))
        if self.bias is not None:
            # A product, not a sum: the bits of a sum's gradient would depend on R.
            ones = sides.new_ones(self.replicas, len(inputs), 1)
            biases = _aligned(self.bias.view(self.replicas, 1, -1))
            outputs = outputs + torch.bmm(ones, biases)[..., : weight.shape[1]]
        return outputs.transpose(0, 1).reshape(len(inputs), -1)


def _aligned(values: Tensor) -> Tensor:
    """Return values with zeros after each row, so that rows begin at multiples of 64 bytes.

    A CPU's matrix product has other bits where a matrix begins elsewhere: 10 classes would give
    every second replica of a stack a bias gradient of its own.
    """
    return torch.nn.functional.pad(values, (0, -values.shape[-1] % ALIGNED))


def stacked(what: Architecture | str, replicas: int) -> nn.Module:
    """`replicas` copies of a network, uninitialised: [B, R * C, H, W] to logits [B, R * classes].

    Raises ValueError for a network that cannot be stacked.
    """
    return _stack(networks.build(what), replicas)


def replicas_agree(what: Architecture | str, shape: tuple[int, ...]) -> bool:
    """Whether a stack computes what its replicas do by themselves, on examples of a shape.

    Not where a network joins feature maps along their channels, draws random numbers or has layers
    that cannot be stacked.
    """
    try:
        together = stacked(what, 2).double()
        replicas = [networks.initial_weights(what, "kaiming-normal", "init", s) for s in (1, 2)]
        replicas = [{n: v.double() for n, v in one.items()} for one in replicas]
        networks.bind(together, join(replicas))
        examples = torch.randn(4, *shape, generator=torch.Generator().manual_seed(0)).double()
        for training in (False, True):
            alone = []
            for weights in replicas:
                network = networks.build(what).double().train(training)
                networks.bind(network, {name: value.clone() for name, value in weights.items()})
                alone.append(network(examples))
            outputs = together.train(training)(examples.repeat(1, 2, *[1] * (len(shape) - 1)))
            if not torch.allclose(outputs, torch.cat(alone, 1), rtol=1e-6, atol=1e-9):
                return False
    except (ValueError, RuntimeError, TypeError, KeyError, AttributeError):
        return False
    return True


def _stack(module: nn.Module, replicas: int) -> nn.Module:
    match module:
        case nn.Conv2d():
            return _convolution(module, replicas)
        case nn.Linear():
            return StackedLinear(module, replicas)
        case _BatchNorm():
            wider = type(module)(
                module.num_features * replicas, eps=module.eps, momentum=module.momentum
            )
            wider.num_batches_tracked = None
            return wider
        case nn.Dropout():
            raise ValueError("a Dropout cannot be stacked: its draws belong to one training")
    if not list(module.children()) and list(module.parameters()):
        raise ValueError(f"a {type(module).__name__} cannot be stacked")
    for name, child in module.named_children():
        setattr(module, name, _stack(child, replicas))
    return module


def _convolution(of: nn.Conv2d, replicas: int) -> nn.Conv2d:
    return nn.Conv2d(
        of.in_channels * replicas,
        of.out_channels * replicas,
        of.kernel_size,  # type: ignore[arg-type]
        stride=of.stride,  # type: ignore[arg-type]
        padding=of.padding,  # type: ignore[arg-type]
        groups=of.groups * replicas,
        bias=of.bias is not None,
    )


def join(replicas: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The stack's tensors from those of its replicas."""
    return {
        name: torch.cat(
            [held[name].view(-1) if value.ndim == 0 else held[name] for held in replicas]
        )
        for name, value in replicas[0].items()
    }


def split(tensors: dict[str, Tensor], replicas: Sequence[dict[str, Tensor]]) -> None:
    """Make the replicas' tensors slices of the stack's, which share its memory."""
    for name, value in tensors.items():
        for held, part in zip(replicas, value.chunk(len(replicas)), strict=True):
            held[name] = part.view(held[name].shape)
