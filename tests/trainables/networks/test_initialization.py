"""Initial weights of both distributions, tensor by tensor; bounds are five deviations or more."""

import math
from itertools import combinations

import pytest
import torch
from torch import nn

from trainables import networks
from trainables.networks import NETWORKS

NAMES = ["digits-mlp", "lenet-300-100", "resnet20-cifar"]
each = pytest.mark.parametrize("name", NAMES)


def drawn(name, initialization, seed=1, stream="init"):
    """Float64 values by name, of the weights that are drawn."""
    weights = networks.initial_weights(name, initialization, stream, seed)
    keys = networks.prunable(networks.build(name))
    return {key: weights[key].double() for key in keys}


def fans(name):
    """Values that a unit takes in, and units that take in a value, by weight."""
    found = {}
    for key, module in networks.build(name).named_modules():
        if isinstance(module, nn.Linear):
            found[f"{key}.weight"] = module.in_features, module.out_features
        elif isinstance(module, nn.Conv2d):
            size = math.prod(module.kernel_size)
            found[f"{key}.weight"] = module.in_channels * size, module.out_channels * size
    return found


VARIANCES = {
    "kaiming-normal": lambda fan_in, fan_out: 2 / fan_in,  # He et al. (2015), equation 10
    "glorot-normal": lambda fan_in, fan_out: 2 / (fan_in + fan_out),  # Glorot and Bengio (2010), 12
}


@each
@pytest.mark.parametrize("initialization", VARIANCES)
def test_each_tensor_is_normal_with_its_variance(name, initialization):
    every = []
    weights, shapes = drawn(name, initialization), fans(name)
    assert weights.keys() == shapes.keys()
    for key, value in weights.items():
        normal = value.flatten() / math.sqrt(VARIANCES[initialization](*shapes[key]))
        n = len(normal)
        assert abs(normal.mean()) < 6 / math.sqrt(n)
        assert abs(normal.square().mean() - 1) < 6 * math.sqrt(2 / n)
        every.append(normal)
    normal = torch.cat(every)
    n = len(normal)
    assert abs(normal.square().mean() - 1) < 5 * math.sqrt(2 / n)
    assert abs(normal.pow(4).mean() - 3) < 5 * math.sqrt(96 / n), "a normal's, not a uniform's"


def test_lenets_by_hand():
    """784-300-100-10: deviations of 2 / 1084, 2 / 400 and 2 / 110, not of 2 / 784, ..."""
    weights = drawn("lenet-300-100", "glorot-normal")
    found = [value.var(correction=0).item() for value in weights.values()]
    expected = [2 / 1084, 2 / 400, 2 / 110]
    assert found == pytest.approx(expected, rel=0.25)
    assert found[0] == pytest.approx(expected[0], rel=0.02)


@each
@pytest.mark.parametrize("initialization", VARIANCES)
def test_tensors_streams_and_seeds_are_independent(name, initialization):
    """Correlations of n pairs have deviation 1 / sqrt(n)."""
    standard = [
        value.flatten() / value.std()
        for held in (
            drawn(name, initialization),
            drawn(name, initialization, seed=2),
            drawn(name, initialization, stream="reinit"),
        )
        for value in list(held.values())[:6]
    ]
    for one, other in combinations(standard, 2):
        n = min(len(one), len(other))
        assert abs((one[:n] * other[:n]).mean()) < 6 / math.sqrt(n)


@each
def test_a_seed_gives_the_same_bits_whatever_was_drawn_before(name):
    for initialization in VARIANCES:
        torch.manual_seed(1)
        first = networks.initial_weights(name, initialization, "init", 1)
        torch.manual_seed(2)
        again = networks.initial_weights(name, initialization, "init", 1)
        assert all(torch.equal(again[key], value) for key, value in first.items())
        assert all(value.dtype == torch.float32 for value in first.values())


@each
def test_initializations_differ_in_the_drawn_weights_alone(name):
    kaiming, glorot = (networks.initial_weights(name, kind, "init", 1) for kind in VARIANCES)
    keys = networks.prunable(networks.build(name))
    assert list(kaiming) == list(glorot)
    for key, value in kaiming.items():
        assert torch.equal(value, glorot[key]) == (key not in keys), key


@pytest.mark.parametrize("name", ["digits-mlp", "resnet20-cifar"])
def test_scales_of_batchnorm_are_uniform_where_asked_and_nothing_else_changes(name):
    usual, uniform = (
        networks.initial_weights(name, "kaiming-normal", "init", 1, None, scale)
        for scale in ("one", "uniform")
    )
    modules = networks.build(name).named_modules()
    batchnorm = (nn.BatchNorm1d, nn.BatchNorm2d)
    scales = {f"{place}.weight" for place, one in modules if isinstance(one, batchnorm)}
    assert {key for key in usual if not torch.equal(usual[key], uniform[key])} == scales
    assert all((usual[key] == 1).all() for key in scales)
    drawn = torch.cat([uniform[key] for key in scales]).double()
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert abs(drawn.mean() - 0.5) < 6 * math.sqrt(1 / 12 / len(drawn))
    assert abs(drawn.var() - 1 / 12) < 6 * math.sqrt(1 / 180 / len(drawn))
    assert len(drawn.unique()) > 0.99 * len(drawn), "each tensor has a stream of its own"


@pytest.mark.parametrize("name", NETWORKS)
def test_channels_last_changes_the_layout_of_convolutions_alone(name):
    with torch.device("meta"):
        weights = networks.state(networks.build(name))
    moved = networks.channels_last(weights)
    assert list(moved) == list(weights)
    for key, value in moved.items():
        assert value.shape == weights[key].shape
        if value.dim() == 4:
            assert value.is_contiguous(memory_format=torch.channels_last)
        else:
            assert value is weights[key]


def test_channels_last_leaves_the_values_and_what_it_was_given():
    weights = networks.initial_weights("resnet8-narrow-cifar", "kaiming-normal", "init", 1)
    moved = networks.channels_last(weights)
    assert all(torch.equal(moved[key], value) for key, value in weights.items())
    assert all(value.is_contiguous() for value in weights.values())
    again = networks.channels_last(moved)
    assert all(again[key] is value for key, value in moved.items()), "no copy of what is so already"
