"""Inception-v3 for ImageNet (LMC Table 1): torchvision's.

Szegedy et al., Rethinking the Inception architecture for computer vision, 2016. The 27.1M
parameters of LMC's table are with the auxiliary output.
"""

from __future__ import annotations

from torch import nn
from torchvision.models import inception_v3


def build(classes: int = 1000) -> nn.Module:
    """Input [B, 3, 299, 299]; output logits [B, classes].

    In training mode the output is a pair, logits and auxiliary logits, and dropout draws from
    torch's global generator.
    """
    network: nn.Module = inception_v3(
        weights=None,
        num_classes=classes,
        aux_logits=True,
        transform_input=False,
        init_weights=False,
    )
    return network
