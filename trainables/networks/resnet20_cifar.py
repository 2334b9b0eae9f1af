"""ResNet-20 for CIFAR-10 (LMC Table 1; Unmasking, appendix C).

He et al., Deep residual learning for image recognition, 2016, section 4.2, with their option B
for shortcuts: the 274K parameters of LMC's table are with these.
"""

from __future__ import annotations

from trainables.networks.residual import ResidualNetwork


def build(width: int = 16) -> ResidualNetwork:
    """`width` is that of the first of three stages; each stage doubles it."""
    return ResidualNetwork((width, 2 * width, 4 * width), depth=3, classes=10)
