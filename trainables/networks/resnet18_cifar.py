"""ResNet-18 for CIFAR-100 (Unmasking, appendix C).

He et al., Deep residual learning for image recognition, 2016, table 1, but for images of 32x32:
the first convolution is 3x3 and neither it nor a pooling layer after it shrinks the image.
"""

from __future__ import annotations

from trainables.networks.arguments import Inputs, channels, positive
from trainables.networks.residual import ResidualNetwork

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}
"""Depth -> blocks of each stage (table 1)."""


def build(
    depth: int = 18, width: int = 64, classes: int = 100, inputs: Inputs = (3, 32, 32)
) -> ResidualNetwork:
    """Return a network of `depth` layers, 18 or 34.

    `width` is that of the first of four stages; each one doubles it. Raises ValueError for another
    depth.
    """
    if depth not in BLOCKS:
        raise ValueError(f"depth must be 18 or 34, not {depth!r:.60}")
    first = positive("width", width)
    widths = tuple(first * 2**stage for stage in range(len(BLOCKS[depth])))
    return ResidualNetwork(widths, BLOCKS[depth], classes, channels(inputs))
