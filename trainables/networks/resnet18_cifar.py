"""ResNet-18 for CIFAR-100 (Unmasking, appendix C).

He et al., Deep residual learning for image recognition, 2016, table 1, but for images of 32x32:
the first convolution is 3x3 and neither it nor a pooling layer after it shrinks the image.
"""

from __future__ import annotations

from trainables.networks.residual import ResidualNetwork


def build() -> ResidualNetwork:
    return ResidualNetwork((64, 128, 256, 512), depth=2, classes=100)
