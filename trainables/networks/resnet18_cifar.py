"""ResNet-18 for CIFAR-100 (Unmasking, appendix C).

He et al., Deep residual learning for image recognition, 2016, table 1, but for images of 32x32:
the first convolution is 3x3 and neither it nor a pooling layer after it shrinks the image.
"""

from __future__ import annotations

from trainables.networks.arguments import Inputs, blocks, channels, positive
from trainables.networks.residual import ResidualNetwork

STAGES = 4


def build(
    depth: int = 18, width: int = 64, classes: int = 100, inputs: Inputs = (3, 32, 32)
) -> ResidualNetwork:
    """Return a network of `depth` = 8 n + 2 layers, n blocks in each of four stages.

    `width` is that of the first stage; each one doubles it. Raises ValueError for another depth.
    """
    number = blocks(depth, 2 * STAGES, 2, "10, 18 or 26")
    first = positive("width", width)
    widths = tuple(first * 2**stage for stage in range(STAGES))
    return ResidualNetwork(widths, number, classes, channels(inputs))
