"""Residual networks for images of 32x32: a 3x3 convolution, then stages of basic blocks.

He et al., Deep residual learning for image recognition, 2016.
"""

from __future__ import annotations

from torch import Tensor, nn

from trainables.networks.convolution import convolution


class Block(nn.Module):
    """Two 3x3 convolutions and a shortcut: [B, inputs, H, W] to [B, outputs, H / stride, ...].

    The shortcut is the identity, or a 1x1 convolution with BatchNorm where the shape changes
    (option B of He et al.).
    """

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.first = convolution(inputs, outputs, stride=stride)
        self.second = convolution(outputs, outputs)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = convolution(inputs, outputs, size=1, stride=stride)

    def forward(self, inputs: Tensor) -> Tensor:
        hidden: Tensor = self.second(self.first(inputs).relu_())
        hidden += self.shortcut(inputs)
        return hidden.relu_()


class ResidualNetwork(nn.Module):
    """Input [B, channels, H, W]; output logits [B, classes].

    A stage is so many blocks (`depths`) of one width (`widths`); all stages but the first start by
    halving height and width. The last feature map is averaged over its positions.
    """

    def __init__(
        self, widths: tuple[int, ...], depths: tuple[int, ...], classes: int, channels: int = 3
    ):
        super().__init__()
        self.stem = convolution(channels, widths[0])
        self.blocks = nn.Sequential()
        inputs = widths[0]
        for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            for index in range(depth):
                halves = stage > 0 and index == 0
                self.blocks.append(Block(inputs, width, stride=2 if halves else 1))
                inputs = width
        self.output = nn.Linear(inputs, classes)

    def forward(self, inputs: Tensor) -> Tensor:
        features: Tensor = self.blocks(self.stem(inputs).relu_())
        logits: Tensor = self.output(features.mean((2, 3)))
        return logits
