"""ResNet-20 for CIFAR-10 (LMC Table 1; Unmasking, appendix C).

He et al., Deep residual learning for image recognition, 2016, section 4.2, with their option B
for shortcuts: the 274K parameters of LMC's table are with these.
"""

from __future__ import annotations

from trainables.networks.residual import ResidualNetwork


def build(width: int = 16, depth: int = 3) -> ResidualNetwork:
    """`width` is that of the first of three stages, which each double it; `depth` is the blocks
    of a stage: 6 * depth + 2 layers."""
    return ResidualNetwork((width, 2 * width, 4 * width), depth, classes=10)
