"""Wide residual networks for CIFAR: WRN-depth-width.

Zagoruyko and Komodakis, Wide residual networks, 2016: table 1, blocks B(3, 3), normalised before
each convolution.
"""

from __future__ import annotations

from torch import Tensor, nn

from trainables.networks.arguments import Inputs, blocks, channels, positive

STEM, STAGES = 16, 3


class Block(nn.Module):
    """BatchNorm, ReLU and 3x3 convolution, twice, and a shortcut: [B, inputs, H, W] to
    [B, outputs, H / stride, W / stride].

    The shortcut is the identity, or a 1x1 convolution of the normalised inputs where the shape
    changes.
    """

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.first_norm = nn.BatchNorm2d(inputs)
        self.first = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.shortcut: nn.Module = nn.Identity()
        self.changes = stride != 1 or inputs != outputs
        if self.changes:
            self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, inputs: Tensor) -> Tensor:
        normal = self.first_norm(inputs).relu()
        hidden = self.first(normal)
        hidden = self.second(self.second_norm(hidden).relu())
        side = self.shortcut(normal if self.changes else inputs)
        outputs: Tensor = hidden + side
        return outputs


class WideResNet(nn.Module):
    """Input [B, channels, H, W]; output logits [B, classes]."""

    def __init__(self, number: int, width: int, classes: int, channels: int):
        super().__init__()
        self.stem = nn.Conv2d(channels, STEM, 3, padding=1, bias=False)
        self.blocks = nn.Sequential()
        inputs = STEM
        for stage in range(STAGES):
            outputs = STEM * 2**stage * width
            for index in range(number):
                halves = stage > 0 and index == 0
                self.blocks.append(Block(inputs, outputs, stride=2 if halves else 1))
                inputs = outputs
        self.norm = nn.BatchNorm2d(inputs)
        self.output = nn.Linear(inputs, classes)

    def forward(self, inputs: Tensor) -> Tensor:
        features: Tensor = self.norm(self.blocks(self.stem(inputs))).relu()
        logits: Tensor = self.output(features.mean((2, 3)))
        return logits


def build(
    depth: int = 16, width: int = 4, classes: int = 10, inputs: Inputs = (3, 32, 32)
) -> WideResNet:
    """Return WRN-`depth`-`width`: `depth` = 6 n + 4 layers, `width` times a ResNet's channels.

    Raises ValueError for another depth.
    """
    number = blocks(depth, 2 * STAGES, 4, "16, 22, 28 or 40")
    return WideResNet(number, positive("width", width), classes, channels(inputs))
