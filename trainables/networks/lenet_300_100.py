"""LeNet-300-100 for MNIST: two hidden layers of 300 and 100 units with ReLU (LMC Table 1).

LeCun et al., Gradient-based learning applied to document recognition, 1998.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainables.networks.arguments import Inputs
from trainables.networks.mlp import MLP, perceptron


def build(
    hidden: Sequence[int] = (300, 100),
    batchnorm: bool = False,
    classes: int = 10,
    inputs: Inputs = (1, 28, 28),
) -> MLP:
    """Return a multilayer perceptron. Raises ValueError as `mlp.perceptron`."""
    return perceptron(hidden, batchnorm, inputs, classes)
