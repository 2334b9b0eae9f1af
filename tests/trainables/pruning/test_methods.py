"""Scores against the papers' formulas, on networks small enough to compute by hand."""

from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from trainables import networks, pruning
from trainables.data.split import Split
from trainables.pruning.context import Context
from trainables.pruning.doing import pruned
from trainables.recipes import RECIPES

INPUT = torch.tensor([0.5, -2.0])
WEIGHT = torch.tensor([[1.0, 0.5], [-0.25, 0.75]])


def context(monkeypatch, network, inputs, labels):
    """A context of a made-up network and training examples."""
    monkeypatch.setattr(networks, "build", lambda architecture: network())
    monkeypatch.setattr(Context, "shape", property(lambda self: tuple(inputs.shape[1:])))
    return Context(RECIPES["digits-mlp"], 1, lambda: SimpleNamespace(train=Split(inputs, labels)))


def full(weights):
    return {n: torch.ones_like(w, dtype=torch.bool) for n, w in weights.items()}


def scored(name, weights, made, **options):
    method = pruning.find(name)
    return method.scores(weights, full(weights), made, method.Options(**options))


@pytest.fixture
def linear(monkeypatch):
    """Logits W x; two examples that are the same, of class 0."""
    examples = INPUT.repeat(2, 1), torch.zeros(2, dtype=torch.int64)
    return context(monkeypatch, lambda: nn.Sequential(nn.Linear(2, 2, bias=False)), *examples)


def test_snip_is_the_magnitude_of_weight_times_gradient(linear):
    # Of softmax and cross-entropy, dL/dW = (p - e_y) x^T (Lee et al., equation 4).
    p = torch.softmax(WEIGHT @ INPUT, 0)
    gradient = torch.outer(p - torch.tensor([1.0, 0.0]), INPUT)
    found = scored("snip", {"0.weight": WEIGHT}, linear, examples=2)
    torch.testing.assert_close(found["0.weight"], (WEIGHT * gradient).abs())


@pytest.mark.parametrize("temperature", [1.0, 200.0])
def test_grasp_is_weight_times_hessian_gradient(linear, temperature):
    # H v = (diag(p) - p p^T) (v x / T) x^T / T, and g = (p - e_y) x^T / T (Wang et al., eq. 8).
    p = torch.softmax(WEIGHT @ INPUT / temperature, 0)
    gradient = torch.outer(p - torch.tensor([1.0, 0.0]), INPUT) / temperature
    change = (torch.diag(p) - torch.outer(p, p)) @ (gradient @ INPUT / temperature)
    product = torch.outer(change, INPUT) / temperature
    found = scored("grasp", {"0.weight": WEIGHT}, linear, temperature=temperature)
    torch.testing.assert_close(found["0.weight"], WEIGHT * product, rtol=1e-4, atol=0)


def test_grasp_keeps_what_the_gradients_norm_would_miss(linear):
    """The best score is that of the weight whose shrinking reduces the norm most."""
    found = scored("grasp", {"0.weight": WEIGHT}, linear, temperature=1.0)["0.weight"]

    def norm(weight):
        p = torch.softmax(weight @ INPUT, 0)
        return torch.outer(p - torch.tensor([1.0, 0.0]), INPUT).square().sum()

    losses = torch.zeros(2, 2)
    for index in [(0, 0), (0, 1), (1, 0), (1, 1)]:
        shrunk = WEIGHT.clone()
        shrunk[index] *= 1 - 1e-2
        losses[index] = norm(WEIGHT) - norm(shrunk)
    assert found.flatten().argsort().tolist() == losses.flatten().argsort().tolist()


def test_synflow_is_the_flow_of_absolute_weights_through_each(monkeypatch):
    # R = 1^T |W2| |W1| 1 (Tanaka et al., equation 2): |w1_ij| sum_k |w2_ki|, and so on.
    first = torch.tensor([[1.0, -2.0, 0.5], [-0.5, 0.0, 3.0]])
    second = torch.tensor([[2.0, -1.0]])
    made = context(
        monkeypatch,
        lambda: nn.Sequential(nn.Linear(3, 2, bias=False), nn.ReLU(), nn.Linear(2, 1, bias=False)),
        torch.zeros(2, 3),
        torch.zeros(2, dtype=torch.int64),
    )
    found = scored("synflow", {"0.weight": first, "2.weight": second}, made)
    assert found["0.weight"].tolist() == (first.abs() * torch.tensor([[2.0], [1.0]])).tolist()
    assert found["2.weight"].tolist() == [[2.0 * 3.5, 1.0 * 3.5]]
    # Flow is conserved: what enters a hidden unit leaves it.
    assert found["0.weight"].sum(1).tolist() == found["2.weight"].sum(0).tolist()


def test_erk_shares_by_the_sum_of_dimensions_up_to_full_layers():
    layers = {
        "small": pruning.Layer((4, 3), 12, False),
        "conv": pruning.Layer((16, 8, 3, 3), 1152, False),
        "output": pruning.Layer((10, 16), 160, True),
    }
    method = pruning.find("erk")
    # Evci et al.: density is proportional to (16 + 8 + 3 + 3) / (16 * 8 * 3 * 3), and so on.
    shares = method.shares(layers, 100, method.Options())
    assert shares == {"small": 7, "conv": 30, "output": 26}


@pytest.mark.parametrize(("half", "output"), [("same", 80), ("half", 90)])
def test_per_layer_magnitude_prunes_each_by_the_fraction(half, output):
    method = pruning.find("magnitude-per-layer")
    layers = {
        "a": pruning.Layer((10, 30), 300, False),
        "b": pruning.Layer((60, 10), 600, False),
        "c": pruning.Layer((10, 10), 100, True),
    }
    shares = method.shares(layers, 800, method.Options(output=half))
    assert shares["c"] / sum(shares.values()) * 800 == pytest.approx(output)
    assert shares["b"] / shares["a"] == pytest.approx(2)


def of_digits(name, rounds, seed=1, **options):
    recipe = replace(RECIPES["digits-mlp"], pruning_method=name, pruning_options=options)
    weights = networks.initial_weights(recipe.architecture, "kaiming-normal", "init", seed)
    names = networks.prunable(networks.build(recipe.architecture))
    random = torch.Generator().manual_seed(0)
    inputs = torch.randn(200, 1, 8, 8, generator=random)
    data = SimpleNamespace(train=Split(inputs, torch.arange(200) % 10))
    return pruned(recipe, weights, full({n: weights[n] for n in names}), rounds, seed, lambda: data)


@pytest.mark.parametrize("name", pruning.METHODS)
def test_each_method_keeps_what_the_level_asks_for_and_the_same_again(name):
    options = {"iterations": 5} if name == "synflow" else {}
    mask, again = of_digits(name, 7, **options), of_digits(name, 7, **options)
    assert sum(int(keep.sum()) for keep in mask.values()) == 3161  # 15,072 * 0.8^7
    assert all(torch.equal(mask[n], again[n]) for n in mask)
    other = of_digits(name, 7, seed=2, **options)
    assert any(not torch.equal(mask[n], other[n]) for n in mask)


@pytest.mark.parametrize("name", ["snip", "grasp", "random-global"])
def test_masks_of_deeper_levels_are_nested_where_scores_are_taken_once(name):
    masks = [of_digits(name, rounds) for rounds in (1, 4, 9)]
    for shallow, deep in pairwise(masks):
        assert all(not (deep[n] & ~shallow[n]).any() for n in deep)


def test_synflow_in_many_steps_cuts_no_layer_off():
    layers = of_digits("synflow", 20, iterations=100).values()
    assert all(bool(keep.any()) for keep in layers)
