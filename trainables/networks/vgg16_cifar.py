"""VGG-16 for CIFAR-10 (LMC Table 1).

Simonyan and Zisserman, Very deep convolutional networks for large-scale image recognition, 2015,
configuration D, as LMC's authors adapt it in OpenLTH: BatchNorm after each convolution, and one
linear layer in place of three.
"""

from __future__ import annotations

from torch import Tensor, nn

from trainables.networks.convolution import convolution

GROUPS = [(64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512)]
"""Widths of the convolutions between one max pooling and the next."""


class VGG(nn.Module):
    """Input [B, 3, 32, 32]; output logits [B, classes].

    The last feature map, [B, 512, 2, 2], is averaged over its positions. OpenLTH's convolutions
    have biases as well, 4,224 values that BatchNorm cancels; left out, 14.7M parameters remain.
    """

    def __init__(self, classes: int):
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 3
        for group, widths in enumerate(GROUPS):
            if group > 0:
                layers.append(nn.MaxPool2d(2))
            for width in widths:
                layers += [convolution(inputs, width), nn.ReLU(inplace=True)]
                inputs = width
        self.features = nn.Sequential(*layers)
        self.output = nn.Linear(inputs, classes)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.output(self.features(inputs).mean((2, 3)))
        return logits


def build() -> VGG:
    return VGG(classes=10)
