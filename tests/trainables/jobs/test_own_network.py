"""A network of a user's own, with layers that ours have not, trained, interrupted and measured."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from job_samples import OWN, do, family, payload
from torch import nn
from torchvision.ops import StochasticDepth

from trainables import networks, plugins
from trainables.jobs import measurements
from trainables.jobs.execute import Executor
from trainables.networks.architecture import Architecture
from trainables.store import Store


@pytest.fixture
def recipe(short, tmp_path: Path):
    (tmp_path / "gated_nets.py").write_text(OWN)
    plugins.use(tmp_path)
    yield short(network="gated_nets:Gated", network_version="a hash", learning_rate=0.05)
    plugins.use(None)


ARCHITECTURE = Architecture("gated_nets:Gated")


def test_it_starts_as_its_modules_do(recipe) -> None:
    """Scales at 1, places drawn; conv and linear weights by the recipe, their biases 0."""
    weights = networks.initial_weights(ARCHITECTURE, "kaiming-normal", "init", 1)
    assert set(weights) == {
        *("stem.weight", "stem.bias", "norm.weight", "norm.bias", "place", "seen"),
        *("output.weight", "output.bias"),
    }
    assert bool((weights["norm.weight"] == 1).all())
    assert not any(weights[name].any() for name in ("norm.bias", "stem.bias", "output.bias"))
    assert weights["place"].std() == pytest.approx(1, abs=0.2)
    torch.manual_seed(5)
    again = networks.initial_weights(ARCHITECTURE, "kaiming-normal", "init", 1)
    assert all(torch.equal(value, again[name]) for name, value in weights.items())
    other = networks.initial_weights(ARCHITECTURE, "kaiming-normal", "init", 2)
    assert not torch.equal(weights["place"], other["place"])


def test_constants_are_the_same_in_every_process(recipe) -> None:
    first = networks.build(ARCHITECTURE)
    torch.manual_seed(7)
    second = networks.build(ARCHITECTURE)
    assert torch.equal(first.noise, second.noise)
    assert torch.equal(first.order, second.order)
    assert not {"noise", "order"} & set(networks.state(first))


def test_a_weight_that_an_embedding_shares_is_not_prunable(monkeypatch) -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.places = nn.Embedding(10, 4)
            self.inner = nn.Linear(4, 4)
            self.output = nn.Linear(4, 10, bias=False)
            self.output.weight = self.places.weight

    tied = Tied()
    assert networks.prunable(tied) == ["inner.weight"]
    weights = {name: torch.ones_like(value) for name, value in networks.state(tied).items()}
    networks.bind(tied, weights)
    assert tied.output.weight is tied.places.weight
    assert bool((tied.output.weight == 1).all())


@pytest.mark.parametrize(
    ("name", "module", "draws"),
    [
        ("digits-mlp", nn.Sequential(nn.Linear(2, 2), nn.ReLU()), False),
        ("torchvision:any", nn.Sequential(nn.Dropout2d(0.1)), True),
        ("torchvision:any", StochasticDepth(0.1, "row"), True),
        ("own:any", nn.Linear(2, 2), True),
    ],
)
def test_what_may_draw_is_seeded(name, module, draws) -> None:
    assert networks.draws(module, name) is draws


def test_interrupted_anywhere_it_has_the_same_bits(recipe, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("trainables.training.loop.PULSE_SECONDS", -1)  # each iteration is told
    undisturbed, store = Store(str(tmp_path / "one")), Store(str(tmp_path / "two"))
    jobs = family(recipe)
    names = ("w0", "wk", "arm", "mask", "masked", "second masked", "sparse instability")
    do(undisturbed, *(jobs[name] for name in names))
    for name in names:
        running = Executor(store, tmp_path, 1e9).run(jobs[name])
        for _, _ in zip(range(7), running, strict=False):
            torch.rand(1)  # what else a process draws
        running.close()
        do(store, jobs[name])
    for name in names:
        assert payload(store, jobs[name]) == payload(undisturbed, jobs[name]), name
    job = jobs["sparse instability"]
    values = measurements.decode(job, payload(store, job))
    assert values["weights_left"] == pytest.approx(80, abs=0.01)
    assert 0 < values["accuracy_test"] < 100


@pytest.mark.parametrize(
    "module",
    [
        nn.GroupNorm(2, 4),
        nn.LayerNorm(4),
        nn.InstanceNorm2d(4, affine=True),
        nn.PReLU(4),
        nn.Embedding(5, 4),
        nn.MultiheadAttention(4, 2),
        nn.ConvTranspose2d(3, 4, 2),
    ],
    ids=lambda module: type(module).__name__,
)
def test_what_the_recipe_does_not_draw_its_module_draws(module, monkeypatch) -> None:
    """To torch's own initialisation from the stream's seed."""
    from trainables.networks import initialization
    from trainables.seeds import derive

    def made(architecture):
        module.apply(lambda one: getattr(one, "reset_parameters", lambda: None)())
        if hasattr(module, "_reset_parameters"):
            module._reset_parameters()
        return module

    monkeypatch.setattr(initialization, "construct", made)
    with torch.random.fork_rng():
        torch.manual_seed(derive("module", "init", 3))
        made(None)
        expected = {name: value.clone() for name, value in networks.state(module).items()}
    drawn = set(networks.prunable(module))
    found = networks.initial_weights("digits-mlp", "kaiming-normal", "init", 3)
    assert set(found) == set(expected)
    for name, value in found.items():
        if name not in drawn and name.replace("bias", "weight") not in drawn:
            assert torch.equal(value, expected[name]), name
