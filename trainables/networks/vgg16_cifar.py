"""VGG-16 for CIFAR-10 (LMC Table 1).

Simonyan and Zisserman, Very deep convolutional networks for large-scale image recognition, 2015,
configuration D, as LMC's authors adapt it in OpenLTH: BatchNorm after each convolution, and one
linear layer in place of three.
"""

from __future__ import annotations

from torch import Tensor, nn

from trainables.networks.arguments import Inputs, channels, positive
from trainables.networks.convolution import convolution

WIDTHS = (1, 2, 4, 8, 8)
"""Widths of the convolutions between one max pooling and the next, in those of the first."""

GROUPS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
"""Depth -> how many they are (configurations A, B, D and E)."""


class VGG(nn.Module):
    """Input [B, channels, H, W], H and W at least 16; output logits [B, classes].

    The last feature map, [B, 512, 2, 2], is averaged over its positions. OpenLTH's convolutions
    have biases as well, 4,224 values that BatchNorm cancels; left out, 14.7M parameters remain.
    """

    def __init__(self, groups: tuple[int, ...], width: int, classes: int, channels: int):
        super().__init__()
        layers: list[nn.Module] = []
        inputs = channels
        for group, (number, times) in enumerate(zip(groups, WIDTHS, strict=True)):
            if group > 0:
                layers.append(nn.MaxPool2d(2))
            for _ in range(number):
                layers += [convolution(inputs, width * times), nn.ReLU(inplace=True)]
                inputs = width * times
        self.features = nn.Sequential(*layers)
        self.output = nn.Linear(inputs, classes)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.output(self.features(inputs).mean((2, 3)))
        return logits


def build(depth: int = 16, width: int = 64, classes: int = 10, inputs: Inputs = (3, 32, 32)) -> VGG:
    """Return VGG-`depth`, 11, 13, 16 or 19, whose first convolutions have `width` channels.

    Raises ValueError for another depth.
    """
    if depth not in GROUPS:
        raise ValueError(f"depth must be one of {', '.join(map(str, GROUPS))}, not {depth!r:.60}")
    return VGG(GROUPS[depth], positive("width", width), classes, channels(inputs))
