from itertools import pairwise, product

import pytest
import samples
import torch
from few import few
from torch import nn

from trainables import networks
from trainables.data.split import Split
from trainables.networks.mlp import MLP
from trainables.recipes import RECIPES
from trainables.training import gradients, loop
from trainables.training.by_hand import sparse
from trainables.training.by_hand.sparse import SparseLinear
from trainables.training.loop import TrainingState, train

WIDTHS = [64, 30, 20, 10]


def digits(dtype=torch.float64):
    split = samples.digits().train
    return Split(split.images.to(dtype), split.labels)


def mlp(batchnorm, widths=WIDTHS):
    network = MLP(widths, batchnorm)
    for norm in network.norms:
        norm.num_batches_tracked = None  # as `networks.build` has it
    return network


@pytest.fixture(params=[False, True], ids=["plain", "BatchNorm"])
def w0(request, monkeypatch):
    """Initial weights in float64 of an MLP that takes the place of any network."""
    monkeypatch.setattr(networks, "build", lambda name: mlp(request.param))
    torch.manual_seed(1)
    return {name: value.double() for name, value in networks.state(networks.build("")).items()}


@pytest.fixture
def always(monkeypatch):
    """Every masked layer is sparse, however small, and counts the gradients taken so."""
    monkeypatch.setattr(sparse, "pays", lambda keep: True)
    taken = []

    def counted(network):
        step = sparse.sparse_gradients(network)
        linears = [m for m in network.modules() if isinstance(m, nn.Linear | SparseLinear)]
        taken.append([type(linear) for linear in linears])
        return step

    monkeypatch.setattr(gradients, "sparse_gradients", counted)
    return taken


@pytest.fixture
def every_iteration(monkeypatch):
    monkeypatch.setattr(loop, "PULSE_SECONDS", -1.0)


def random_mask(density, widths=WIDTHS):
    generator = torch.Generator().manual_seed(5)
    names = networks.prunable(mlp(False, widths))
    shapes = [(o, i) for i, o in pairwise(widths)]
    return {
        name: torch.rand(shape, generator=generator) < density
        for name, shape in zip(names, shapes, strict=True)
    }


def without(empty):
    """A mask of half the weights with an empty layer, or row and column, in each place."""
    mask = random_mask(0.5)
    for name, keep in mask.items():
        if empty == name:
            keep[:] = False
        if empty == "rows and columns":
            keep[[0, 3, -1]] = False
            keep[:, [0, 5, -1]] = False
    return mask


def in_part():
    """Of the second layer alone; and 0 and 1 as numbers."""
    return {"linears.1.weight": random_mask(0.2)["linears.1.weight"].double()}


MASKS = {
    "2 %": lambda: random_mask(0.02),
    "20 %": lambda: random_mask(0.2),
    "all": lambda: random_mask(2.0),
    "nothing": lambda: random_mask(-1.0),
    "first empty": lambda: without("linears.0.weight"),
    "second empty": lambda: without("linears.1.weight"),
    "output empty": lambda: without("output.weight"),
    "rows and columns": lambda: without("rows and columns"),
    "in part": in_part,
}

WAYS = {
    "sgd": {"weight_decay": 0.0},
    "sgd, decay": {"weight_decay": 1e-2},
    "no momentum": {"momentum": 0.0},
    "adam": {"optimizer": "adam", "momentum": 0.0, "learning_rate": 0.01, "weight_decay": 0.0},
    "adam, decay": {"optimizer": "adam", "momentum": 0.0, "learning_rate": 0.01},
    "decoupled": {"weight_decay": 1e-2, "weight_decay_style": "decoupled"},
}


def trained(recipe, weights, mask, **options):
    """The state at the end."""
    state = TrainingState(0, {name: value.clone() for name, value in weights.items()})
    options = {"order_seed": 3, "until": recipe.iterations, "data": digits()} | options
    *_, last = train(recipe, state, mask=mask, **options)
    assert last is state
    return last


def same_bits(one, other):
    def integers(tensor):
        return tensor.view({4: torch.int32, 8: torch.int64}[tensor.element_size()])

    assert one.keys() == other.keys()
    return all(torch.equal(integers(one[name]), integers(other[name])) for name in one)


def check_close(ours, expected, mask, tolerance=1e-10):
    """Weights all over, the optimizer's tensors where weights are kept."""
    assert list(ours.weights) == list(expected.weights)
    assert list(ours.optimizer) == list(expected.optimizer)
    for name, value in ours.weights.items():
        other = expected.weights[name]
        torch.testing.assert_close(value, other, rtol=tolerance, atol=tolerance, msg=name)
    for key, value in ours.optimizer.items():
        keep = mask.get(key.partition("/")[2], torch.ones_like(value)).bool()
        other = expected.optimizer[key] * keep
        torch.testing.assert_close(value * keep, other, rtol=tolerance, atol=tolerance, msg=key)


# --- the same training as with dense layers ---------------------------------------------


EVERY = list(product(MASKS, WAYS))
CROSS = [(mask, way) for mask, way in EVERY if mask == "20 %" or way == "adam, decay"]


@pytest.mark.parametrize("case", few(EVERY, *CROSS), ids=": ".join)
def test_training_is_that_of_dense_layers(short, w0, always, case):
    """In float64, through autograd; the 21st batch of 48 is a smaller one of 40."""
    mask, way = MASKS[case[0]], WAYS[case[1]]
    batches = {"batch_size": 48, "last_batch": "keep"}
    recipe = short(**({"iterations": 50, "milestones": (30,)} | batches | way))
    expected = trained(recipe, w0, mask(), by_hand=False)
    assert not always
    ours = trained(recipe, w0, mask())
    assert [layers.count(SparseLinear) for layers in always] == [len(mask())]
    # BatchNorm cancels what a constant pixel, or a unit's only weight, adds: that gradient is
    # rounding alone (1e-17), which Adam divides by as little as its eps of 1e-8.
    cancelled = "norms.0.weight" in w0 and way is WAYS["adam"]
    check_close(ours, expected, mask(), 1e-7 if cancelled else 1e-10)
    assert not torch.equal(ours.weights["output.bias"], w0["output.bias"])


@pytest.mark.parametrize("batch_size", [2, 13, 16, 17, 60])
def test_any_size_of_batch(short, w0, always, batch_size):
    recipe = short(iterations=20, milestones=(), batch_size=batch_size, learning_rate=0.01)
    mask = random_mask(0.3)
    expected = trained(recipe, w0, mask, sparse=False)
    check_close(trained(recipe, w0, mask), expected, mask)


def test_a_single_example_has_no_batch_statistics(short, w0, always):
    recipe = short(iterations=3, milestones=(), batch_size=1)
    if "norms.0.weight" in w0:
        with pytest.raises(ValueError, match="more than 1 value per channel"):
            trained(recipe, w0, random_mask(0.3))
    else:
        expected = trained(recipe, w0, random_mask(0.3), sparse=False)
        check_close(trained(recipe, w0, random_mask(0.3)), expected, random_mask(0.3))


def lenet(density):
    widths = [784, 300, 100, 10]
    weights = networks.initial_weights("lenet-300-100", "glorot-normal", "init", 1)
    mask = random_mask(density, widths)
    torch.manual_seed(2)
    data = Split(torch.rand(300, 1, 28, 28), torch.randint(10, (300,)))
    return RECIPES["lenet-mnist"].of_length(30), weights, mask, data


def test_lenet_in_single_precision():
    recipe, weights, mask, data = lenet(0.05)
    ours = trained(recipe, weights, mask, data=data)
    expected = trained(recipe, weights, mask, data=data, sparse=False)
    for name, value in ours.weights.items():
        torch.testing.assert_close(value, expected.weights[name], rtol=0, atol=1e-4)
        assert (value - weights[name] * mask.get(name, 1)).abs().max() > 1e-2
    assert not same_bits(ours.weights, expected.weights)  # another order of sums


def test_the_same_bits_twice():
    recipe, weights, mask, data = lenet(0.05)
    one, other = (trained(recipe, weights, mask, data=data) for _ in range(2))
    assert same_bits(one.weights, other.weights)
    assert same_bits(one.optimizer, other.optimizer)


# --- the states that are handed out -----------------------------------------------------


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("density", few([0.02, 0.3], 0.3))
def test_going_on_from_any_copy_gives_the_same_bits(
    short, w0, always, every_iteration, way, density
):
    recipe = short(**({"iterations": 30, "milestones": (10, 20), "batch_size": 48} | way))
    options = {"order_seed": 3, "until": 30, "mask": random_mask(density)}
    w0 = {name: value.float() for name, value in w0.items()}
    data = digits(torch.float32)
    copies = [s.copy() for s in train(recipe, TrainingState(0, w0), data, **options)]
    assert [copy.iteration for copy in copies] == list(range(1, 31))
    for copy in copies[:-1:6]:
        *_, last = train(recipe, copy, data, **options)
        assert same_bits(last.weights, copies[-1].weights)
        assert same_bits(last.optimizer, copies[-1].optimizer)


@pytest.mark.parametrize("way", [WAYS["sgd, decay"], WAYS["adam"]], ids=["sgd", "adam"])
def test_states_are_whole_and_zero_where_pruned(short, w0, always, every_iteration, way):
    """Tensors of the same names, shapes and dtypes as with dense layers."""
    recipe = short(**({"iterations": 10, "milestones": ()} | way))
    mask = random_mask(0.3)

    def shapes(tensors):
        return [(name, value.shape, value.dtype) for name, value in tensors.items()]

    dense = trained(recipe, w0, mask, sparse=False)
    weights = {name: value.clone() for name, value in w0.items()}
    moved = weights["linears.0.weight"]
    steps = train(recipe, TrainingState(0, weights), digits(), order_seed=3, until=10, mask=mask)
    for state in steps:
        assert shapes(state.weights) == shapes(dense.weights)
        assert shapes(state.optimizer) == shapes(dense.optimizer)
        for key, value in (state.weights | state.optimizer).items():
            keep = mask.get(key.rpartition("/")[2])
            if keep is not None:
                assert not value[~keep].any()
                assert value[keep].any()
        assert state.weights["linears.0.weight"] is moved  # in place, as with dense layers


def test_weights_without_training_are_masked_too(short, w0, always):
    mask = random_mask(0.3)
    state = trained(short(), w0, mask, until=0)
    for name, value in w0.items():
        assert torch.equal(state.weights[name], value * mask.get(name, 1))


def test_what_an_optimizer_held_of_pruned_weights_is_forgotten(short, w0, always):
    """A dense training is pruned and goes on with its momentum."""
    state = trained(short(), w0, None, until=5)
    mask = random_mask(0.3)
    *_, dense = train(
        short(), state.copy(), digits(), order_seed=3, until=10, mask=mask, sparse=False
    )
    *_, ours = train(short(), state, digits(), order_seed=3, until=10, mask=mask)
    check_close(ours, dense, mask)
    for name, keep in mask.items():
        assert dense.optimizer[f"momentum/{name}"][~keep].any()
        assert not ours.optimizer[f"momentum/{name}"][~keep].any()


@pytest.mark.parametrize("off", [{"sparse": False}, {"by_hand": False}, {"mask": None}])
def test_it_can_be_switched_off(monkeypatch, off):
    recipe, weights, mask, data = lenet(0.05)
    recipe = recipe.of_length(3)
    calls = []
    real = sparse.sparse_gradients

    def counted(network):
        calls.append(1)
        return real(network)

    monkeypatch.setattr(gradients, "sparse_gradients", counted)
    trained(recipe, weights, **({"mask": mask, "data": data} | off))
    assert not calls
    trained(recipe, weights, mask, data=data)
    assert calls
