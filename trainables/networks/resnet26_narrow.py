"""A quarter as wide and half as deep as ResNet-50, for images of 64x64 and ten classes.

What is done with ResNet-50 on ImageNet, on a laptop. Bottleneck blocks as torchvision's, which
halve height and width in their 3x3 convolution.
"""

from __future__ import annotations

from torch import Tensor, nn

from trainables.networks.convolution import convolution

EXPANSION = 4
"""Outputs of a block, in widths of its 3x3 convolution."""


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolution and a shortcut: [B, inputs, H, W] to
    [B, EXPANSION * width, H / stride, W / stride]."""

    def __init__(self, inputs: int, width: int, stride: int):
        super().__init__()
        outputs = EXPANSION * width
        self.reduce = convolution(inputs, width, size=1)
        self.middle = convolution(width, width, stride=stride)
        self.expand = convolution(width, outputs, size=1)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = convolution(inputs, outputs, size=1, stride=stride)

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = self.middle(self.reduce(inputs).relu_()).relu_()
        outputs: Tensor = self.expand(hidden)
        outputs += self.shortcut(inputs)
        return outputs.relu_()


class Narrow(nn.Module):
    """Input [B, 3, 64, 64]; output logits [B, classes]."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.stem = convolution(3, 16, size=7, stride=2)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.blocks = nn.Sequential()
        inputs = 16
        for stage, width in enumerate((16, 32, 64, 128)):
            for index in range(2):
                halves = stage > 0 and index == 0
                self.blocks.append(Bottleneck(inputs, width, stride=2 if halves else 1))
                inputs = EXPANSION * width
        self.output = nn.Linear(inputs, classes)

    def forward(self, inputs: Tensor) -> Tensor:
        features: Tensor = self.blocks(self.pool(self.stem(inputs).relu_()))
        logits: Tensor = self.output(features.mean((2, 3)))
        return logits


def build(classes: int = 10) -> nn.Module:
    return Narrow(classes)
