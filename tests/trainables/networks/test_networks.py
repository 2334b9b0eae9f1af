import math
import subprocess
import sys
from collections import Counter

import pytest
import torch
from few import few
from torch import nn
from torch.nn.functional import cross_entropy
from torch.overrides import TorchFunctionMode

from trainables import networks
from trainables.networks import NETWORKS
from trainables.networks.mlp import MLP
from trainables.networks.table import TOKENS

registered = pytest.mark.parametrize("name", NETWORKS)
IMAGES = [n for n in NETWORKS if n not in TOKENS]
of_images = pytest.mark.parametrize("name", IMAGES)
"""Of linear layers, convolutions and BatchNorm alone; tests/.../test_tiny_gpt.py has the other."""
small = pytest.mark.parametrize("name", [n for n in NETWORKS if NETWORKS[n].parameters < 1e6])


def w0(name, seed=1, stream="init"):
    return networks.initial_weights(name, "kaiming-normal", stream, seed)


def outline(name):
    """The network with shapes in place of values: as much as sizes need, at no cost."""
    with torch.device("meta"):
        return networks.build(name)


def examples(name, number, device="cpu"):
    torch.manual_seed(0)
    return torch.randn(number, *NETWORKS[name].inputs, device=device)


# --- the table --------------------------------------------------------------------------


def test_the_table_needs_no_torch():
    code = "import sys, trainables.networks; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@of_images
def test_facts_are_the_modules(name):
    network, facts = outline(name), NETWORKS[name]
    layers = [m for m in network.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
    assert facts.parameters == sum(p.numel() for p in network.parameters())
    assert facts.prunable == sum(layer.weight.numel() for layer in layers)
    assert facts.output == layers[-1].weight.numel()
    assert facts.statistics == sum(2 * norm.num_features for norm in norms)
    assert facts.statistics == sum(b.numel() for b in network.buffers())
    assert facts.prunable_with(output=True) == facts.prunable
    assert facts.prunable_with(output=False) == facts.prunable - facts.output
    for scope in ({"first": False}, {"shortcuts": False}, {"output": False, "first": False}):
        chosen = networks.prunable(network, **scope)
        sizes = dict(network.named_parameters())
        given = {"output": True, **scope}
        assert facts.prunable_with(**given) == sum(sizes[name].numel() for name in chosen)


@of_images
def test_facts_count_operations_and_values(name):
    flops = vector_flops = activations = 0

    def count(layer, inputs, output):
        nonlocal flops, vector_flops, activations
        activations += output[0].numel()
        if not isinstance(layer, nn.Linear | nn.Conv2d):
            return
        operations = 2 * output[0].numel() * layer.weight[0].numel()
        flops += operations
        if isinstance(layer, nn.Conv2d):
            for channels in (layer.in_channels, layer.out_channels):
                operations = operations // channels * (16 * math.ceil(channels / 16))
        vector_flops += operations

    network = outline(name).eval()
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.BatchNorm1d | nn.BatchNorm2d):
            module.register_forward_hook(count)
    network(examples(name, 1, "meta"))
    facts = NETWORKS[name]
    assert facts.forward_flops == flops
    assert facts.vector_flops == vector_flops
    assert facts.activations == activations
    if isinstance(network, MLP):
        assert facts.first_flops == 2 * network.linears[0].weight.numel()
    else:
        assert facts.first_flops == 0


class Calls(TorchFunctionMode):
    """Counts the functions of torch that are called, by name."""

    def __init__(self):
        super().__init__()
        self.count = Counter()

    def __torch_function__(self, function, types, arguments=(), named=None):
        self.count[function.__name__] += 1
        return function(*arguments, **(named or {}))


@of_images
def test_facts_count_layers(name):
    network = outline(name).eval()
    with Calls() as calls:
        network(examples(name, 1, "meta"))
    kinds = ("linear", "conv2d", "batch_norm", "relu", "relu_")
    assert NETWORKS[name].kernels == sum(calls.count[kind] for kind in kinds)


def test_digits_mlp_by_hand():
    """64-48-48-48-48-48-48-10: a bias only in the output, BatchNorm after six linear layers."""
    weights = 64 * 48 + 5 * 48 * 48 + 48 * 10
    facts = NETWORKS["digits-mlp"]
    assert facts.prunable == weights
    assert facts.parameters == weights + 10 + 6 * 2 * 48
    assert facts.kernels == 7 + 6 + 6


# --- states -----------------------------------------------------------------------------


@of_images
def test_logits_have_a_column_a_class(name):
    logits = outline(name).eval()(examples(name, 5, "meta"))
    assert logits.shape == (5, NETWORKS[name].classes)


@of_images
def test_the_output_is_the_last_linear_layer_and_has_a_bias(name):
    *_, output = (m for m in outline(name).modules() if isinstance(m, nn.Linear | nn.Conv2d))
    assert isinstance(output, nn.Linear)
    assert output.out_features == output.bias.numel() == NETWORKS[name].classes


@registered
def test_a_state_is_every_tensor_once_as_floats(name):
    network = outline(name)
    held = networks.state(network)
    assert held.keys() == network.state_dict().keys()
    assert all(value.is_floating_point() for value in held.values())
    assert list(held)[: len(list(network.parameters()))] == [
        n for n, _ in network.named_parameters()
    ]
    assert not any(value.requires_grad for value in held.values())


@of_images
def test_prunable_are_convolutional_and_linear_weights_in_order(name):
    """The rest are BatchNorm's, and biases: vectors all."""
    network = outline(name)
    names = networks.prunable(network)
    held = networks.state(network)
    assert names == [n for n, value in held.items() if value.dim() in (2, 4)]
    assert all(value.dim() == 1 for n, value in held.items() if n not in names)
    assert networks.prunable(network, output=False) == names[:-1]


@registered
def test_bind_shares_memory(name):
    network = networks.build(name).train()
    weights = {key: value.clone() for key, value in networks.state(network).items()}
    networks.bind(network, weights)
    for key, value in networks.state(network).items():
        assert value.data_ptr() == weights[key].data_ptr()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(1)
    assert all(
        torch.equal(weights[key], value.detach()) for key, value in network.named_parameters()
    )


@registered
def test_bind_needs_every_tensor(name):
    network = outline(name)
    weights = networks.state(network)
    for missing in weights:
        with pytest.raises(KeyError, match=missing):
            networks.bind(network, {key: v for key, v in weights.items() if key != missing})


@pytest.mark.parametrize("name", few(IMAGES, *(n for n in IMAGES if NETWORKS[n].parameters < 2e7)))
def test_training_reaches_every_tensor(name):
    """Each parameter has a gradient, and BatchNorm's bound statistics move."""
    network, weights = networks.build(name).train(), w0(name)
    networks.bind(network, weights)
    statistics = {key: value.clone() for key, value in network.named_buffers()}
    outputs = network(examples(name, 3))
    labels = torch.tensor([0, 1, 2])
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    sum(cross_entropy(logits, labels) for logits in outputs).backward()
    for key, parameter in network.named_parameters():
        assert parameter.grad.isfinite().all(), key
        assert parameter.grad.any(), key
    assert all(not torch.equal(weights[key], before) for key, before in statistics.items())


# --- initial weights --------------------------------------------------------------------


@small
def test_weights_are_drawn_with_variance_two_over_fan_in(name):
    """He et al. (2015), equation 10; bounds are five standard deviations of the statistic."""
    keys = networks.prunable(outline(name))
    every = []
    for drawn in (w0(name, seed) for seed in range(10)):
        for value in (drawn[key].double() for key in keys):
            normal = value.flatten() / math.sqrt(2 / value[0].numel())
            n = len(normal)
            assert abs(normal.mean()) < 5 / math.sqrt(n)
            assert abs(normal.square().mean() - 1) < 5 * math.sqrt(2 / n)
            within = (normal.abs() < 1).double().mean()
            assert abs(within - 0.6827) < 5 * math.sqrt(0.6827 * 0.3173 / n)
            every.append(normal)
    together = torch.cat(every)
    assert abs(together.square().mean() - 1) < 5 * math.sqrt(2 / len(together))


@of_images
def test_everything_else_starts_at_zero_or_one(name):
    network, weights = outline(name), w0(name)
    drawn = networks.prunable(network)
    norms = [
        n for n, m in network.named_modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)
    ]
    ones = {f"{norm}.{leaf}" for norm in norms for leaf in ("weight", "running_var")}
    for key, value in weights.items():
        if key not in drawn:
            assert torch.equal(value, torch.full_like(value, float(key in ones))), key


@small
def test_weights_do_not_depend_on_the_order_of_drawing(name, monkeypatch):
    expected = w0(name)
    in_order = networks.state
    monkeypatch.setattr(networks, "state", lambda n: dict(reversed(in_order(n).items())))
    torch.manual_seed(5)  # nor on the global generator
    backwards = w0(name)
    assert list(backwards) == list(reversed(expected))
    assert all(torch.equal(backwards[key], value) for key, value in expected.items())


@small
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
    inputs = examples("digits-mlp", 32)
    assert torch.equal(network(inputs), expected(inputs.flatten(1)))
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
