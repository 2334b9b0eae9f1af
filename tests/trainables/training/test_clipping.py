"""Gradient clipping against torch's own, with masks, in slices and side by side."""

from __future__ import annotations

from dataclasses import replace

import pytest
import samples
import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_
from workers import in_team

from trainables import networks
from trainables.networks.mlp import MLP
from trainables.training.clipping import clipping
from trainables.training.loop import TrainingState, train
from trainables.training.schedules import learning_rate
from trainables.training.team import ALONE


def network(seed: int = 0) -> MLP:
    torch.manual_seed(seed)
    module = MLP([6, 5, 4], batchnorm=True)
    for parameter in module.parameters():
        parameter.grad = torch.randn_like(parameter)
    return module


def gradients(module: nn.Module) -> list[torch.Tensor]:
    return [p.grad.clone() for p in module.parameters() if p.grad is not None]


@pytest.mark.parametrize("limit", [0.1, 1.0, 1e6])
def test_it_is_torchs(short, limit) -> None:
    ours, theirs = network(), network()
    clipping(short(gradient_clipping=limit), ours, {})()
    clip_grad_norm_(theirs.parameters(), limit)
    assert all(map(torch.equal, gradients(ours), gradients(theirs)))
    if limit == 1e6:
        assert all(map(torch.equal, gradients(ours), gradients(network()))), "nothing to clip"


def test_by_hand(short) -> None:
    """A gradient (3, 4) has length 5: clipped to 1 it is (0.6, 0.8)."""
    module = nn.Linear(2, 1, bias=False)
    module.weight.grad = torch.tensor([[3.0, 4.0]])
    clipping(short(gradient_clipping=1.0), module, {})()
    torch.testing.assert_close(module.weight.grad, torch.tensor([[0.6, 0.8]]), rtol=1e-6, atol=0)


def test_pruned_weights_do_not_count(short) -> None:
    module = nn.Linear(2, 1, bias=False)
    module.weight.grad = torch.tensor([[3.0, 400.0]])
    clipping(short(gradient_clipping=1.0), module, {"weight": torch.tensor([[1.0, 0.0]])})()
    torch.testing.assert_close(module.weight.grad, torch.tensor([[1.0, 0.0]]), rtol=1e-6, atol=0)


def test_each_replica_of_a_stack_has_a_length_of_its_own(short) -> None:
    module = nn.Linear(2, 2, bias=False)  # two replicas of one output each
    module.weight.grad = torch.tensor([[3.0, 4.0], [0.3, 0.4]])
    clipping(short(gradient_clipping=1.0), module, {}, replicas=2)()
    expected = torch.tensor([[0.6, 0.8], [0.3, 0.4]])
    torch.testing.assert_close(module.weight.grad, expected, rtol=1e-6, atol=0)


def test_training_is_a_plain_loop_with_torchs_clipping(short) -> None:
    recipe = short(gradient_clipping=0.5, learning_rate=0.1, momentum=0.0, weight_decay=0.0)
    data = samples.digits().train
    drawn = networks.initial_weights(recipe.network, recipe.initialization, "init", 1)
    plain = networks.build(recipe.network).train()
    networks.bind(plain, {name: value.clone() for name, value in drawn.items()})
    *_, state = train(recipe, TrainingState(0, drawn), data, order_seed=1, until=20)
    clipped = 0
    from trainables.training.feed import from_memory

    feed = from_memory(recipe, data, 1)
    for iteration in range(20):
        inputs, labels, _ = feed(iteration, 0)
        plain.zero_grad()
        nn.functional.cross_entropy(plain(inputs), labels).backward()
        clipped += bool(clip_grad_norm_(plain.parameters(), 0.5) > 0.5)
        with torch.no_grad():
            for parameter in plain.parameters():
                parameter.sub_(learning_rate(recipe, iteration) * parameter.grad)
    assert clipped > 5
    for name, value in networks.state(plain).items():
        torch.testing.assert_close(state.weights[name], value, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("left", [0.05, 0.5])
def test_sparse_layers_clip_as_dense_ones_with_a_mask(short, left) -> None:
    """With 5 % left the large layer trains as its values alone."""
    recipe = replace(
        short(network="lenet-300-100", gradient_clipping=0.2, milestones=()), iterations=10
    )
    generator = torch.Generator().manual_seed(0)
    pixels = torch.rand(64, 1, 28, 28, generator=generator)
    data = samples.digits().train.__class__(pixels, torch.arange(64) % 10)
    ends = []
    for sparse in (True, False):
        drawn = networks.initial_weights(recipe.network, recipe.initialization, "init", 1)
        stream = torch.Generator().manual_seed(1)
        mask = {
            name: torch.rand(drawn[name].shape, generator=stream) < left
            for name in networks.prunable(networks.build(recipe.network))
        }
        state = TrainingState(0, drawn)
        *_, state = train(recipe, state, data, order_seed=1, until=10, mask=mask, sparse=sparse)
        ends.append(state.weights)
    for name, value in ends[0].items():
        torch.testing.assert_close(ends[1][name], value, rtol=1e-4, atol=1e-5)


def sliced(team, recipe):
    drawn = networks.initial_weights(recipe.network, recipe.initialization, "init", 1)
    state = TrainingState(0, drawn)
    for _ in train(
        recipe, state, samples.digits().train, order_seed=1, until=10, team=team
    ):  # moved in place
        pass
    return state.weights


def test_workers_clip_the_whole_batchs_gradient(short) -> None:
    recipe = short(batch_size=16, slices=4, gradient_clipping=0.3)
    alone = sliced(ALONE, recipe)
    loose = sliced(ALONE, replace(recipe, gradient_clipping=None))
    assert not torch.equal(alone["output.weight"], loose["output.weight"])
    for weights in in_team(2, sliced, recipe):
        assert all(torch.equal(value, weights[name]) for name, value in alone.items())
