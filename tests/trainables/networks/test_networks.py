import math

import pytest
import torch
from torch import nn

from trainables import data, networks
from trainables.networks import NETWORKS
from trainables.networks.mlp import MLP
from trainables.recipes import RECIPES

registered = pytest.mark.parametrize("name", NETWORKS)


def w0(name, seed=1, stream="init"):
    return networks.initial_weights(name, "kaiming-normal", stream, seed)


def examples(name, number):
    """Inputs of a data set that a recipe feeds the network, and its number of classes."""
    recipe = next(recipe for recipe in RECIPES.values() if recipe.network == name)
    split = data.load(recipe.data).train
    return split.inputs[:number], int(split.labels.max()) + 1


# --- the table --------------------------------------------------------------------------


@registered
def test_facts_are_the_modules(name):
    network, facts = networks.build(name), NETWORKS[name]
    layers = [m for m in network.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
    assert facts.parameters == sum(p.numel() for p in network.parameters())
    assert facts.prunable == sum(layer.weight.numel() for layer in layers)
    assert facts.output == layers[-1].weight.numel()
    assert facts.statistics == sum(2 * norm.num_features for norm in norms)
    assert networks.prunable_weights(name) == facts.prunable
    assert networks.prunable_weights(name, output=False) == facts.prunable - facts.output


@registered
def test_facts_count_multiply_adds(name):
    flops = 0

    def count(layer, inputs, output):
        nonlocal flops
        flops += 2 * output[0].numel() * layer.weight[0].numel()

    network = networks.build(name).eval()
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            module.register_forward_hook(count)
    network(examples(name, 1)[0])
    assert NETWORKS[name].forward_flops == flops


def test_digits_mlp_by_hand():
    """64-48-48-48-48-48-48-10: a bias only in the output, BatchNorm after six linear layers."""
    weights = 64 * 48 + 5 * 48 * 48 + 48 * 10
    facts = NETWORKS["digits-mlp"]
    assert facts.prunable == weights
    assert facts.parameters == weights + 10 + 6 * 2 * 48
    assert facts.kernels == 7 + 6 + 6


# --- states -----------------------------------------------------------------------------


@registered
def test_logits_have_a_column_a_class(name):
    inputs, classes = examples(name, 5)
    assert networks.build(name)(inputs).shape == (5, classes)


@registered
def test_a_state_is_every_tensor_once_as_floats(name):
    network = networks.build(name)
    held = networks.state(network)
    assert held.keys() == network.state_dict().keys()
    assert all(value.is_floating_point() for value in held.values())
    assert list(held)[: len(list(network.parameters()))] == [
        n for n, _ in network.named_parameters()
    ]
    assert not any(value.requires_grad for value in held.values())


@registered
def test_prunable_are_convolutional_and_linear_weights_in_order(name):
    network = networks.build(name)
    names = networks.prunable(network)
    shapes = [networks.state(network)[n].dim() for n in names]
    assert all(dims in (2, 4) for dims in shapes)
    assert names == [n for n in networks.state(network) if n in names]
    assert networks.prunable(network, output=False) == names[:-1]


@registered
def test_bind_shares_memory(name):
    network, weights = networks.build(name).train(), w0(name)
    networks.bind(network, weights)
    for key, value in networks.state(network).items():
        assert value.data_ptr() == weights[key].data_ptr()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(1)
    assert all(
        torch.equal(weights[key], value.detach()) for key, value in network.named_parameters()
    )
    statistics = {key: weights[key].clone() for key, _ in network.named_buffers()}
    network(examples(name, 8)[0])
    assert all(not torch.equal(weights[key], before) for key, before in statistics.items())


@registered
def test_bind_needs_every_tensor(name):
    for missing in w0(name):
        weights = {key: value for key, value in w0(name).items() if key != missing}
        with pytest.raises(KeyError, match=missing):
            networks.bind(networks.build(name), weights)


# --- initial weights --------------------------------------------------------------------


@registered
def test_weights_are_drawn_with_variance_two_over_fan_in(name):
    """He et al. (2015), equation 10; bounds are five standard deviations of the statistic."""
    keys = networks.prunable(networks.build(name))
    every = []
    for value in (w0(name, seed)[key].double() for seed in range(10) for key in keys):
        fan_in = value[0].numel()
        normal = value.flatten() / math.sqrt(2 / fan_in)
        n = len(normal)
        assert abs(normal.mean()) < 5 / math.sqrt(n)
        assert abs(normal.square().mean() - 1) < 5 * math.sqrt(2 / n)
        within = (normal.abs() < 1).double().mean()
        assert abs(within - 0.6827) < 5 * math.sqrt(0.6827 * 0.3173 / n)
        every.append(normal)
    together = torch.cat(every)
    assert abs(together.square().mean() - 1) < 5 * math.sqrt(2 / len(together))


@registered
def test_everything_else_starts_at_zero_or_one(name):
    network, weights = networks.build(name), w0(name)
    drawn = networks.prunable(network)
    norms = [
        n for n, m in network.named_modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)
    ]
    ones = {f"{norm}.{leaf}" for norm in norms for leaf in ("weight", "running_var")}
    for key, value in weights.items():
        if key not in drawn:
            assert torch.equal(value, torch.full_like(value, float(key in ones))), key


@registered
def test_weights_do_not_depend_on_the_order_of_drawing(name, monkeypatch):
    expected = w0(name)
    in_order = networks.state
    monkeypatch.setattr(networks, "state", lambda n: dict(reversed(in_order(n).items())))
    torch.manual_seed(5)  # nor on the global generator
    backwards = w0(name)
    assert list(backwards) == list(reversed(expected))
    assert all(torch.equal(backwards[key], value) for key, value in expected.items())


@registered
def test_seeds_streams_and_tensors_draw_differently(name):
    first, second, again = w0(name, 1), w0(name, 2), w0(name, 1, "reinit")
    keys = networks.prunable(networks.build(name))
    drawn = [held[key].flatten()[:4].tolist() for held in (first, second, again) for key in keys]
    values = {value / abs(value) * round(abs(value), 6) for four in drawn for value in four}
    assert len(values) == len(drawn) * 4


# --- what they compute ------------------------------------------------------------------


@pytest.mark.parametrize("training", [True, False])
def test_digits_mlp_is_the_sequential(plain, training):
    weights = w0("digits-mlp")
    for key, _ in networks.build("digits-mlp").named_buffers():
        weights[key] += torch.rand_like(weights[key])
    expected = plain.network(weights).train(training)
    network = networks.build("digits-mlp").train(training)
    networks.bind(network, weights)
    inputs, _ = examples("digits-mlp", 32)
    assert torch.equal(network(inputs), expected(inputs))
    statistics = dict(network.named_buffers())
    assert all(
        torch.equal(value, statistics[key])
        for key, value in plain.weights(expected, list(statistics)).items()
    )


def test_an_mlp_without_batchnorm_is_the_sequential():
    torch.manual_seed(0)
    network = MLP([12, 7, 5, 3], batchnorm=False)
    one, two = network.linears
    assert all(linear.bias is not None for linear in network.linears)
    plain = nn.Sequential(nn.Flatten(), one, nn.ReLU(), two, nn.ReLU(), network.output)
    inputs = torch.randn(4, 3, 4)
    assert torch.equal(network(inputs), plain(inputs))
