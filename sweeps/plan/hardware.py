"""The rates of one worker, from which `cost` estimates the seconds of jobs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from trainables.networks import Facts


@dataclass(frozen=True)
class Hardware:
    """What one worker has."""

    name: str
    seconds_per_kernel: float
    """Forward, backward and update of a layer that is too small to matter otherwise."""
    stacked_share: float
    """Of that time, what a training pays that is stacked with others."""
    flops_per_second: float
    """Of training; forward passes alone count as well."""
    seconds_per_value: float
    """Moving an activation through BatchNorm, ReLU and memory, in one of an iteration's three
    passes."""
    seconds_per_parameter: float
    """The optimizer's update and the mask."""
    bf16_speedup: float
    """Of operations and values."""
    seconds_per_pixel: float
    """Of what a network sees of an image that is read from a file, and cropped, by the worker
    itself; a GPU has cores beside it for that."""
    rounds_channels: bool
    """Whether it is a CPU: a convolution's channels cost as if they were rounded up to a vector's
    width, and sparse MLPs are computed by hand."""
    seconds_per_curved_value: float = 0.0
    """Of GELU, softmax and the like, in one of an iteration's three passes."""
    seconds_to_start: float = 20.0
    """Until Ray runs, and torch is imported in every worker."""
    tf32_speedup: float = 1.0
    """Of operations."""
    stacked_rate: float = 1.0
    """Operations per second of stacked trainings, as a share of `flops_per_second`."""
    places: int = 0
    """Trainings that every stack costs, however few it has; 0 where it costs those it has."""
    bf16_kernels: float = 1.0
    """Time of a small layer in bf16 over `seconds_per_kernel`: casts are kernels, too."""
    rounded_share: float = 1.0
    """Of the operations by which a convolution grows when its channels are rounded up to a vector's
    width, those that cost time."""
    dense_rate: float = 1.0
    """Operations per second of networks without convolutions, as a share of `flops_per_second`."""
    forward_speedup: float = 1.25
    """Of forward passes alone, with BatchNorm folded or of an MLP, against those of training. Other
    networks have none."""
    mlp_forward_speedup: float = 2.0
    """Of an MLP's layers above the first at a point of a path or plane, which is by hand."""
    seconds_per_mixed_value: float = 1.5e-9
    """Of an MLP's path or plane: an activation mixed, moved and counted at a point."""
    sparse_base: float = 0.25
    """Share of a dense iteration that an MLP costs whose first layer has no weights left."""
    sparse_slope: float = 3.2
    """How fast that share grows with the share of weights left."""
    measured: bool = False
    """Whether these rates were measured on the machine that plans."""


CPU_CORE = Hardware("CPU core", 22e-6, 0.25, 100e9, 0.25e-9, 1.3e-9, 0.7, 5e-8, True, 3.5e-9)
"""Fitted to one core of a Sapphire Rapids server (docs/explanation/performance.md), torch 2.15."""

HARDWARE = {
    "cpu": CPU_CORE,
    "h100": Hardware(
        "H100", 115e-6, 0.082, 22.8e12, 5.6e-12, 0.0, 5.04, 0.0, False,
        tf32_speedup=8.0, stacked_rate=0.406, places=16,
    ),
}  # fmt: skip
"""The CPU core, and rates that `python -m benchmarks.gpu.fit benchmarks/gpu/h100.jsonl` found.

These are fitted to 16 trainings on an H100 80GB: LeNet, ResNet-20, VGG-16, ResNet-18 and ResNet-50
one after another, LeNet and ResNet-20 in full stacks, in the precisions that were measured. The
estimates of these are 0.76 to 1.11 times what was measured. They are too low for stacked VGG-16 and
ResNet-18 (down to 0.14), and for paths of ResNet-20 (0.27); other paths are at 0.72 to 1.77
(docs/explanation/gpu.md). Images from files are taken to cost a GPU no time."""

GPU = "h100"
"""What a GPU is taken for where nobody says what it is."""


@cache
def computing(on: Hardware, precision: str, stacked: bool) -> Hardware:
    """Return the rates of an iteration in a precision, stacked with others or not."""
    half = precision == "bf16"
    values = on.bf16_speedup if half else 1.0
    operations = {"bf16": on.bf16_speedup, "tf32": on.tf32_speedup}.get(precision, 1.0)
    kernels = (on.bf16_kernels if half else 1.0) * (on.stacked_share if stacked else 1.0)
    return replace(
        on,
        seconds_per_kernel=on.seconds_per_kernel * kernels,
        flops_per_second=on.flops_per_second * operations * (on.stacked_rate if stacked else 1.0),
        seconds_per_value=on.seconds_per_value / values,
        seconds_per_curved_value=on.seconds_per_curved_value / values,
    )


def flops_per_second(facts: Facts, on: Hardware) -> float:
    """Return the rate at which a network's operations are computed."""
    return on.flops_per_second * (1.0 if facts.convolutional else on.dense_rate)
