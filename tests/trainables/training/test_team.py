"""One training on several workers: the same bits, and those of one batch in 64 bits."""

from __future__ import annotations

from dataclasses import replace

import pytest
import samples
import torch
from hypothesis import given
from hypothesis import strategies as st
from workers import in_team

from benchmarks.pictures import fill
from trainables import networks
from trainables.data import loading
from trainables.data.images import listed
from trainables.data.split import Scaling, Split
from trainables.recipes import RECIPES
from trainables.training import feed, loop
from trainables.training.evaluation import answering, chunks, evaluating, finish
from trainables.training.loop import TrainingState, train
from trainables.training.slices import bounds
from trainables.training.team import ALONE, Team, TeamLost

MLP = replace(RECIPES["digits-mlp"].of_length(40), batch_size=20, slices=4, last_batch="keep")
CONVOLUTIONAL = replace(RECIPES["cifar10-small"].of_length(4), batch_size=8, slices=4)


def images():
    """20 of them: with batches of 8 an epoch ends with a batch of 4, with 24 of them in none."""
    stream = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (22, 32, 32, 3), generator=stream, dtype=torch.uint8)
    scaling = Scaling(torch.full((3,), 1 / 127.5), torch.full((3,), -1.0))
    return Split(pixels, torch.arange(22) % 10, scaling)


def data_of(recipe):
    return images() if recipe.data == "cifar10" else samples.digits().train


def trained(team, recipe, begin=None, until=None):
    weights = networks.initial_weights(recipe.network, recipe.initialization, "init", 1)
    state = begin or TrainingState(0, weights)
    states = train(
        recipe, state, data_of(recipe), order_seed=3, until=until or recipe.iterations, team=team
    )
    handed_out = [state.iteration for state in states]
    return state, handed_out


def same(first, second):
    return first.weights.keys() == second.weights.keys() and all(
        torch.equal(value, second.weights[name]) for name, value in first.weights.items()
    )


@pytest.mark.parametrize("recipe", [MLP, CONVOLUTIONAL], ids=["mlp", "convolutional"])
def test_bits_do_not_depend_on_the_number_of_workers(recipe):
    alone, _ = trained(ALONE, recipe)
    for size in (2, 4):
        for state, handed_out in in_team(size, trained, recipe):
            assert same(state, alone)
            assert handed_out[-1] == recipe.iterations
    other, _ = trained(ALONE, replace(recipe, slices=1))
    assert not same(other, alone)


def test_bits_are_the_same_on_eight_workers():
    """As the ImageNet recipes have slices for."""
    recipe = replace(MLP, batch_size=48, slices=8)
    alone, _ = trained(ALONE, recipe)
    assert all(same(state, alone) for state, _ in in_team(8, trained, recipe))


def test_a_team_hands_out_at_the_same_iterations(monkeypatch):
    monkeypatch.setattr(loop, "PULSE_SECONDS", 0.02)
    recipe = MLP.of_length(400)
    first, second = in_team(2, trained, recipe)
    assert first[1] == second[1]
    assert 1 < len(first[1]) < 400
    assert same(first[0], second[0])


def resumed(team, recipe, states):
    return [trained(team, recipe, state.copy())[0] for state in states]


def test_a_checkpoint_goes_on_with_any_number_of_workers():
    half, _ = trained(ALONE, CONVOLUTIONAL, until=2)
    whole, _ = trained(ALONE, CONVOLUTIONAL)
    for (state,) in in_team(2, resumed, CONVOLUTIONAL, [half]):
        assert same(state, whole)


def test_without_batchnorm_slices_are_the_batch_in_64_bits(monkeypatch):
    """The mean of the slices' mean gradients, weighted by size, is the batch's."""
    recipe = replace(RECIPES["lenet-mnist"].of_length(30), batch_size=50, optimizer="sgd")
    stream = torch.Generator().manual_seed(1)
    split = Split(
        torch.rand((90, 1, 28, 28), generator=stream, dtype=torch.float64), torch.arange(90) % 10
    )
    weights = networks.initial_weights("lenet-300-100", "glorot-normal", "init", 1)
    ends = []
    for slices in (1, 2):
        state = TrainingState(0, {name: value.double() for name, value in weights.items()})
        sliced = replace(recipe, slices=slices)
        *_, end = train(sliced, state, split, order_seed=1, until=30)
        ends.append(end)
    for name, value in ends[0].weights.items():
        torch.testing.assert_close(ends[1].weights[name], value, rtol=0, atol=1e-10)
        assert not torch.equal(value, weights[name].double())


def test_each_slice_has_statistics_of_its_own():
    """Against torch's BatchNorm on each slice: running statistics are the mean of theirs."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    network[1].num_batches_tracked = None
    inputs, labels = torch.randn(8, 3), torch.tensor([0, 1, 2, 3] * 2)
    slices = inputs.chunk(2)

    def loss(part, targets):
        return torch.nn.functional.cross_entropy(network(part), targets)

    from trainables.training.slices import Sliced

    def gradients(part, targets):
        network.zero_grad()
        loss(part, targets).backward()

    before = network[1].running_mean.clone()
    Sliced(network, gradients, ALONE)(
        (s, t, 0.5) for s, t in zip(slices, labels.chunk(2), strict=False)
    )
    found = [p.grad.clone() for p in network.parameters()]
    means = [network[0](part).mean(0) for part in slices]
    expected = before * 0.9 + 0.1 * (means[0] + means[1]) / 2
    torch.testing.assert_close(network[1].running_mean, expected)
    network.zero_grad()
    (sum(loss(s, t) for s, t in zip(slices, labels.chunk(2), strict=False)) / 2).backward()
    for parameter, gradient in zip(network.parameters(), found, strict=True):
        torch.testing.assert_close(gradient, parameter.grad)


@given(st.integers(1, 5000), st.sampled_from([1, 2, 4, 8, 16]))
def test_slices_are_the_batch(examples, slices):
    parts = bounds(examples, slices)
    assert [i for first, last in parts for i in range(first, last)] == list(range(examples))
    sizes = {last - first for first, last in parts}
    assert max(sizes) - min(sizes) <= 1


@given(st.integers(1, 3000), st.integers(1, 700), st.sampled_from([1, 2, 4, 8]))
def test_no_example_is_evaluated_twice_and_none_is_lost(examples, size, workers):
    seen, rounds = [], set()
    for rank in range(workers):
        team = Team()
        team.rank, team.size = rank, workers
        parts = chunks(examples, size, team)
        rounds.add(len(parts))
        seen += [i for part in parts if part for i in range(part[1].start, part[1].stop)]
    assert sorted(seen) == list(range(examples))
    assert len(rounds) == 1


def scored(team):
    network = networks.build("resnet8-narrow-cifar").eval()
    weights = networks.initial_weights("resnet8-narrow-cifar", "kaiming-normal", "init", 1)
    networks.bind(network, weights)
    steps = evaluating([lambda: network] * 2, images(), 3, team)
    return finish(steps)


@pytest.mark.parametrize("size", [2, 4])
def test_scores_have_the_same_bits_on_any_number_of_workers(size):
    alone = scored(ALONE)
    assert in_team(size, scored) == [alone] * size


def answered(team):
    network = networks.build("resnet8-narrow-cifar").eval()
    weights = networks.initial_weights("resnet8-narrow-cifar", "kaiming-normal", "init", 1)
    networks.bind(network, weights)
    classes, losses = finish(answering(network, images(), 3, team))
    return classes.tolist(), losses.tolist()


def test_answers_are_in_the_examples_order_on_any_number_of_workers():
    alone = answered(ALONE)
    assert in_team(2, answered) == [alone] * 2
    assert len(alone[0]) == len(images())


def shares_done(team):
    network = networks.build("resnet8-narrow-cifar").eval()
    return list(evaluating([lambda: network] * 2, images(), 5, team))


def test_every_worker_says_as_often_what_share_is_done():
    """Of two networks on 5 chunks: one worker has 3 of them, the other 2."""
    expected = [step / 6 for step in range(1, 7)]
    assert in_team(2, shares_done) == [expected] * 2


@pytest.fixture
def folder(tmp_path):
    """22 photographs to train on: with batches of 8 an epoch ends with one of 6, 4 slices of 1 or
    2."""
    fill(tmp_path / "images", classes=2, train=11, val=5, size=(48, 40))
    found = listed.find(str(tmp_path / "images"), tmp_path / "data")
    return loading.streamed(found, "standardize", 32, tmp_path / "data")


def trained_on_files(team, data, decoders):
    recipe = replace(CONVOLUTIONAL, augmentation="crop-flip")
    weights = networks.initial_weights(recipe.network, recipe.initialization, "init", 1)
    states = train(
        recipe, TrainingState(0, weights), data.train,
        order_seed=3, until=recipe.iterations, team=team, decoders=decoders,
    )  # fmt: skip
    *_, last = states
    network = networks.build(recipe.network).eval()
    networks.bind(network, last.weights)
    return last, finish(evaluating([lambda: network], data.test, 3, team, decoders))


def test_images_from_files_too(folder):
    alone, scores = trained_on_files(ALONE, folder, 0)
    for state, seen in [
        trained_on_files(ALONE, folder, 1),
        *in_team(2, trained_on_files, folder, 0),
    ]:
        assert same(state, alone)
        assert seen == scores


def left_alone(team):
    if team.rank == 1:
        return None
    try:
        while True:
            team.decide(0)
    except TeamLost:
        return "alone"


def test_a_worker_that_is_gone_is_no_job_s_error():
    assert in_team(2, left_alone) == ["alone", None]
    assert not issubclass(TeamLost, Exception)


def orders_seen(team, recipe):
    asked = feed.from_memory(recipe, data_of(recipe), 3)
    return [
        [asked(iteration, part)[0].sum().item() for part in team.share(recipe.slices)]
        for iteration in range(6)
    ]


def test_workers_see_the_batch_that_one_would():
    alone = orders_seen(ALONE, CONVOLUTIONAL)
    for size in (2, 4):
        parts = in_team(size, orders_seen, CONVOLUTIONAL)
        together = [[x for part in parts for x in part[i]] for i in range(6)]
        assert together == alone
