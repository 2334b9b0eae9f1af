"""MLP 64-48-48-48-48-48-48-10 with BatchNorm, for 8x8 digits.

Deep, narrow and normalised: the smallest network found that is unstable at initialisation and
stable soon after, as the papers' residual networks are.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainables.networks.arguments import Inputs
from trainables.networks.mlp import MLP, perceptron


def build(
    hidden: Sequence[int] = (48, 48, 48, 48, 48, 48),
    batchnorm: bool = True,
    classes: int = 10,
    inputs: Inputs = (1, 8, 8),
) -> MLP:
    """Return a multilayer perceptron. Raises ValueError as `mlp.perceptron`."""
    return perceptron(hidden, batchnorm, inputs, classes)
