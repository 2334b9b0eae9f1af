"""ResNet-20 for CIFAR-10 (LMC Table 1; Unmasking, appendix C), and its deeper and wider kin.

He et al., Deep residual learning for image recognition, 2016, section 4.2, with their option B
for shortcuts: the 274K parameters of LMC's table are with these.
"""

from __future__ import annotations

from trainables.networks.arguments import Inputs, blocks, channels, positive
from trainables.networks.residual import ResidualNetwork

STAGES = 3


def build(
    depth: int = 20, width: int = 16, classes: int = 10, inputs: Inputs = (3, 32, 32)
) -> ResidualNetwork:
    """Return a network of `depth` = 6 n + 2 layers, n blocks in each of three stages.

    `width` is that of the first stage; each one doubles it. Raises ValueError for another depth.
    """
    number = blocks(depth, 2 * STAGES, 2, "20, 32, 44, 56 or 110")
    first = positive("width", width)
    widths = tuple(first * 2**stage for stage in range(STAGES))
    return ResidualNetwork(widths, STAGES * (number,), classes, channels(inputs))


def narrow(
    depth: int = 8, width: int = 8, classes: int = 10, inputs: Inputs = (3, 32, 32)
) -> ResidualNetwork:
    """Return a narrow ResNet-8 for CIFAR-10, small enough for a laptop."""
    return build(depth, width, classes, inputs)
