"""What planning needs to know of a network. No torch.

Those of built-in networks as they are by default are in a file of the package, so that planning
them needs no torch; `python -m trainables.networks.counting` writes it. `known` has the others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Shape = tuple[int, ...]

FILE = Path(__file__).with_name("facts.json")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Sizes of a network, by count."""

    inputs: Shape
    """Of an example: channels, height and width of an image."""
    classes: int
    parameters: int
    """Trainable values."""
    prunable: int
    """Weights of convolutional and linear layers, the output layer's included."""
    output: int
    """Weights of the output layer."""
    first: int = 0
    """Weights of the first convolutional or linear layer."""
    shortcuts: int = 0
    """Weights of 1x1 convolutions of residual shortcuts."""
    statistics: int
    """Values that are not trained: BatchNorm's running means and variances."""
    batchnorm: bool
    """Whether there are such layers: a batch must have two examples."""
    kernels: int
    """Linear, convolutional, normalising and activation layers: what an iteration costs at least,
    however small they are."""
    forward_flops: int
    """Floating-point operations of one example's forward pass (2 per multiply-add)."""
    vector_flops: int
    """The same with a convolution's channels rounded up to 16, as many as a CPU computes at
    once."""
    activations: int
    """Values that layers with parameters write in one example's forward pass."""
    curved: int = 0
    """Values of GELU, softmax, sigmoid and the like in one example's forward pass: they take longer
    than others."""
    convolutional: bool = False
    """Whether there are convolutions: on a GPU, replicas side by side then gain little or lose."""
    first_flops: int = 0
    """Operations of an MLP's first layer, which a path computes at its ends alone."""
    stackable: bool
    """Whether `trainables.networks.stacked` can put replicas of it side by side."""

    def prunable_with(self, output: bool, first: bool = True, shortcuts: bool = True) -> int:
        """Return how many weights can be pruned, with or without those of some layers."""
        parts = ((output, self.output), (first, self.first), (shortcuts, self.shortcuts))
        # The output layer may be the first, too.
        return max(self.prunable - sum(size for counts, size in parts if not counts), 0)


def read(values: Mapping[str, Any]) -> Facts:
    """Return facts as JSON holds them."""
    return Facts(**{**values, "inputs": tuple(values["inputs"])})


NETWORKS: dict[str, Facts] = {
    name: read(values) for name, values in json.loads(FILE.read_text()).items()
}
"""The built-in networks, as they are by default."""
