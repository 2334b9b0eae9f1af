"""The CIFAR networks against their papers' words, restated with torch.nn.functional."""

from itertools import pairwise

import pytest
import torch
from torch.nn import functional as F

from trainables import networks
from trainables.networks import NETWORKS


class Layers:
    """Applies a network's tensors in the order in which its state has them."""

    def __init__(self, weights, statistics, training):
        self.parameters = iter([v for name, v in weights.items() if name not in statistics])
        self.statistics = iter([weights[name] for name in statistics])
        self.training = training

    def convolution(self, x, stride=1):
        """With BatchNorm, whose statistics move in training."""
        weight, scale, shift = (next(self.parameters) for _ in range(3))
        mean, variance = (next(self.statistics) for _ in range(2))
        sums = F.conv2d(x, weight, stride=stride, padding=weight.shape[-1] // 2)
        return F.batch_norm(sums, mean, variance, scale, shift, self.training, 0.1, 1e-5)

    def output(self, x):
        """Of feature maps averaged over their positions."""
        weight, bias = self.parameters  # the last two
        assert not list(self.statistics)
        return F.linear(F.avg_pool2d(x, x.shape[-1]).flatten(1), weight, bias)


def resnet(layers, x, widths, depth):
    x = F.relu(layers.convolution(x))
    assert x.shape[1:] == (widths[0], 32, 32)
    for stage, width in enumerate(widths):
        for block in range(depth):
            stride = 2 if stage and not block else 1
            y = layers.convolution(F.relu(layers.convolution(x, stride)))
            x = F.relu(y + (layers.convolution(x, stride) if stride == 2 else x))
        assert x.shape[1:] == (width, 32 >> stage, 32 >> stage)
    return layers.output(x)


def vgg16(layers, x):
    plan = "64 64 M 128 128 M 256 256 256 M 512 512 512 M 512 512 512"
    for layer in plan.split():
        x = F.max_pool2d(x, 2) if layer == "M" else F.relu(layers.convolution(x))
        assert layer in ("M", str(x.shape[1]))
    assert x.shape[2:] == (2, 2)
    return layers.output(x)


RESTATED = {
    "resnet20-cifar": lambda layers, x: resnet(layers, x, (16, 32, 64), 3),
    "resnet8-narrow-cifar": lambda layers, x: resnet(layers, x, (8, 16, 32), 1),
    "resnet18-cifar": lambda layers, x: resnet(layers, x, (64, 128, 256, 512), 2),
    "vgg16-cifar": vgg16,
}


@pytest.mark.parametrize("name", RESTATED)
def test_networks_are_as_restated(name):
    """In training, then in evaluation with the statistics that this has moved."""
    torch.manual_seed(1)
    ours = networks.initial_weights(name, "kaiming-normal", "init", 1)
    for key, value in ours.items():
        away = 0.1 + torch.rand(value.shape) if value.dim() == 1 else 0  # from all 0 and all 1
        ours[key] = (value + away).double()
    theirs = {key: value.clone() for key, value in ours.items()}
    network = networks.build(name)
    statistics = [key for key, _ in network.named_buffers()]
    networks.bind(network, ours)
    inputs = torch.randn(2, 3, 32, 32, dtype=torch.double)
    for training in (True, False):
        with torch.no_grad():
            logits = network.train(training)(inputs)
            expected = RESTATED[name](Layers(theirs, statistics, training), inputs)
        torch.testing.assert_close(logits, expected, rtol=1e-9, atol=1e-9)
        for key in statistics:
            torch.testing.assert_close(ours[key], theirs[key], rtol=1e-9, atol=1e-9)


def test_parameters_of_lmc_table_1():
    """As printed there: 274K and 14.7M."""
    assert NETWORKS["resnet20-cifar"].parameters == 272_474
    assert (272_474 + NETWORKS["resnet20-cifar"].statistics) // 1_000 == 274
    assert NETWORKS["vgg16-cifar"].parameters // 100_000 == 147


def test_parameters_by_hand():
    """3x3 and 1x1 convolutions, two vectors a BatchNorm, and the output layer."""

    def resnet(widths, depth, classes):
        count = 9 * 3 * widths[0] + 2 * widths[0]
        for below, width in pairwise((widths[0], *widths)):
            count += 9 * below * width + (2 * depth - 1) * 9 * width**2 + 2 * depth * 2 * width
            count += (below * width + 2 * width) * (below != width)
        return count + (widths[-1] + 1) * classes

    vgg = [3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]
    assert NETWORKS["resnet20-cifar"].parameters == resnet((16, 32, 64), 3, 10)
    assert NETWORKS["resnet8-narrow-cifar"].parameters == resnet((8, 16, 32), 1, 10)
    assert NETWORKS["resnet18-cifar"].parameters == resnet((64, 128, 256, 512), 2, 100)
    assert (
        NETWORKS["vgg16-cifar"].parameters
        == sum(9 * below * width + 2 * width for below, width in pairwise(vgg)) + (512 + 1) * 10
    )
