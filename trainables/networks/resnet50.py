"""ResNet-50 for ImageNet (LMC Table 1; Unmasking, appendix C): torchvision's.

He et al., Deep residual learning for image recognition, 2016, table 1; like most later work,
torchvision halves height and width in a block's 3x3 convolution and not in its first 1x1.
"""

from __future__ import annotations

from torch import nn
from torchvision.models import resnet50


def build(classes: int = 1000) -> nn.Module:
    """Input [B, 3, 224, 224]; output logits [B, classes]."""
    network: nn.Module = resnet50(weights=None, num_classes=classes)
    return network
