"""Which layers become sparse."""

import pytest
import torch
from torch import nn

from trainables import networks
from trainables.recipes import RECIPES
from trainables.training.by_hand import sparse
from trainables.training.by_hand.sparse import SparseLinear, pays, sparsify


def chosen(recipe, mask, device="cpu"):
    network = networks.build(recipe.network)
    weights = {name: value.to(device) for name, value in networks.state(network).items()}
    return list(sparsify(recipe, network, weights, mask))


def uniform(network, density):
    """A mask that keeps the first weights of each layer."""
    built = networks.build(network)
    mask = {}
    for name in networks.prunable(built):
        weight = built.get_parameter(name)
        mask[name] = torch.arange(weight.numel()).view(weight.shape) < density * weight.numel()
    return mask


@pytest.mark.parametrize(
    ("density", "layers"),
    [(0.0, 2), (0.035, 2), (0.12, 2), (0.18, 1), (0.19, 1), (0.21, 0), (1.0, 0)],
)
def test_layers_of_lenet(density, layers):
    """The first (235,200 weights) pays up to 19.6 %, the second (30,000) up to 16.7 %; the output
    layer is too small."""
    names = ["linears.0.weight", "linears.1.weight"][:layers]
    assert chosen(RECIPES["lenet-mnist"], uniform("lenet-300-100", density)) == names


@pytest.mark.parametrize("density", [0.0, 0.035, 1.0])
def test_small_layers_stay_dense(density):
    assert not chosen(RECIPES["digits-mlp"], uniform("digits-mlp", density))


def test_the_threshold_is_sharp():
    keep = torch.zeros(100, 100, dtype=torch.bool)
    most = int(sparse.DENSITY * 10_000) - sparse.FIXED
    keep.view(-1)[: most - 1] = True
    assert pays(keep)
    assert pays(keep.float())
    keep.view(-1)[most - 1] = True
    assert not pays(keep)


def test_layers_are_replaced_where_they_are():
    network = networks.build("lenet-300-100")
    names = [name for name, _ in network.named_parameters()]
    mask = uniform("lenet-300-100", 0.1)
    kept = sparsify(RECIPES["lenet-mnist"], network, networks.state(network), mask)
    assert [type(layer) for layer in network.linears] == [SparseLinear, SparseLinear]
    assert isinstance(network.output, nn.Linear)
    assert [name for name, _ in network.named_parameters()] == names
    assert network.linears[0].weight.shape == (23_520,)
    assert all(torch.equal(kept[name], mask[name]) for name in kept)


def test_not_on_a_gpu_nor_where_gradients_go_through_autograd(short):
    mask = uniform("lenet-300-100", 0.1)
    recipe = RECIPES["lenet-mnist"]
    assert chosen(recipe, mask)
    assert not chosen(recipe, mask, "meta")  # any device that is no CPU
    assert not chosen(short(network="lenet-300-100", label_smoothing=0.1), mask)
    network = nn.Sequential(nn.Linear(784, 300), nn.Linear(300, 100))
    mask = {"0.weight": mask["linears.0.weight"]}
    assert not sparsify(recipe, network, networks.state(network), mask)
