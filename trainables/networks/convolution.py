"""The layer that the CIFAR networks are made of."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn


def convolution(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution and BatchNorm: [B, inputs, H, W] to [B, outputs, H / stride, W / stride].

    The convolution has no bias: BatchNorm, which has one, would cancel it.
    """
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False),
            norm=nn.BatchNorm2d(outputs, eps=1e-5, momentum=0.1),
        )
    )
