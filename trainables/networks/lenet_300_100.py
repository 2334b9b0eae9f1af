"""LeNet-300-100 for MNIST: two hidden layers of 300 and 100 units with ReLU (LMC Table 1).

LeCun et al., Gradient-based learning applied to document recognition, 1998.
"""

from __future__ import annotations

from trainables.networks.mlp import MLP


def build() -> MLP:
    return MLP([784, 300, 100, 10], batchnorm=False)
