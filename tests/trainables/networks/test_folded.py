import copy
from collections import OrderedDict

import pytest
import torch
from torch import nn

from trainables import networks
from trainables.networks.folded import Folded


def lived_in(name, dtype):
    """Weights whose BatchNorms do something."""
    weights = networks.initial_weights(name, "kaiming-normal", "init", 1)
    stream = torch.Generator().manual_seed(0)
    for value in weights.values():
        if value.ndim == 1:
            value.uniform_(0.5, 1.5, generator=stream)
    return {key: value.to(dtype) for key, value in weights.items()}


@pytest.mark.parametrize(
    "name",
    ["resnet8-narrow-cifar", "resnet20-cifar", "vgg16-cifar", "resnet18-cifar", "lenet-300-100"],
)
def test_folded_networks_compute_the_same(name):
    weights = lived_in(name, torch.float64)
    before = {key: value.clone() for key, value in weights.items()}
    plain = networks.build(name).double().eval()
    networks.bind(plain, weights)
    folded = Folded(name)
    inputs = torch.randn(3, *networks.NETWORKS[name].inputs, dtype=torch.float64)
    with torch.inference_mode():
        folded.bind(networks.initial_weights(name, "kaiming-normal", "init", 2))
        folded.bind(weights)  # again: what was bound before is gone
        logits = folded.module(inputs)
        torch.testing.assert_close(logits, plain(inputs), rtol=1e-10, atol=1e-10)
    assert logits.std() > 1e-3
    assert all(torch.equal(weights[key], before[key]) for key in weights)


def test_no_batchnorm_is_left_in_what_is_folded():
    kinds = {type(module) for module in Folded("resnet20-cifar").module.modules()}
    assert nn.BatchNorm2d not in kinds


def test_other_layouts_stay_as_they_are():
    kinds = {type(module) for module in Folded("resnet50").module.modules()}
    assert nn.BatchNorm2d in kinds


class Scaled(nn.Sequential):
    """Computes something else than its layers one after the other."""

    def forward(self, inputs):
        return 2 * super().forward(inputs)


def pair(conv, norm, kind=nn.Sequential):
    return kind(OrderedDict(conv=conv, norm=norm))


@pytest.mark.parametrize(
    ("layer", "folds"),
    [
        (pair(nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8)), True),
        (
            pair(
                nn.Conv2d(4, 8, 3, dilation=2, groups=2, padding_mode="circular", bias=False),
                nn.BatchNorm2d(8),
            ),
            True,
        ),
        (pair(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)), False),
        (pair(nn.Conv2d(3, 8, 3, bias=False), nn.GroupNorm(2, 8)), False),
        (pair(nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8, affine=False)), False),
        (pair(nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8), Scaled), False),
    ],
)
def test_whatever_a_user_names_conv_and_norm(layer, folds, monkeypatch):
    """Only what folding leaves as it is gets folded, with all that a convolution has."""
    for statistic in layer.buffers():
        if statistic.is_floating_point():
            statistic.uniform_(0.5, 2)
    network = nn.Sequential(OrderedDict(layer=layer)).double().eval()
    monkeypatch.setattr(networks, "build", lambda what: copy.deepcopy(network))
    folded = Folded("any")
    assert isinstance(folded.module.layer, nn.Conv2d) is folds
    folded.bind(networks.state(network))
    inputs = torch.randn(2, layer.conv.in_channels, 9, 9, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(folded.module(inputs), network(inputs), rtol=1e-10, atol=1e-10)
