"""Planes against a plain loop that builds every network and scores it."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
import samples
import torch
from job_samples import do, held
from measure_samples import context, images, pair_of_levels, random_networks

from trainables import measures, networks
from trainables.jobs.kinds import trained
from trainables.jobs.measurements import decode
from trainables.measures import landscape, plane
from trainables.measures.landscape import evaluate_plane
from trainables.measures.plane import Options, compute
from trainables.planes import CORNERS, Plane, grid, nearest, plane_of
from trainables.pruning.masks import full_mask, masked, prune_by_magnitude
from trainables.store import Store
from trainables.training.by_hand import plane as by_hand
from trainables.training.evaluation import evaluate
from trainables.training.team import Team

NAMES = ["digits-mlp", "lenet-300-100", "resnet8-narrow-cifar"]


@pytest.fixture
def store(tmp_path):
    return Store(str(tmp_path / "store"))


def levels(name):
    """Two networks, the second without half of the weights of the first."""
    first, second = random_networks(name)
    names = networks.prunable(networks.build(name))
    mask = prune_by_magnitude(first, full_mask(first, names), 0.5)
    return first, masked(second, mask), (None, mask)


def examples_of(name, number=70):
    return samples.digits().test if name == "digits-mlp" else images(name, number)


def one_by_one(name, first, second, mask, points, split):
    """P + x e1 + y e2 in 64-bit floats for prunable weights; the rest as at the nearest point."""
    first, second = ({n: v.double() for n, v in one.items()} for one in (first, second))
    network = networks.build(name).eval()
    origin = masked(first, mask)
    lengths = [
        math.sqrt(sum(float((end[n] - origin[n]).square().sum()) for n in mask))
        for end in (second, first)
    ]
    scores = []
    for point in points:
        share = nearest(point, *lengths).x
        made = {}
        for n in first:
            if n in mask:
                e1, e2 = second[n] - origin[n], first[n] - origin[n]
                made[n] = origin[n] + point.x * e1 + point.y * e2
            else:
                made[n] = first[n] + share * (second[n] - first[n])
        state = {n: value.float() for n, value in made.items()}
        networks.bind(network, networks.channels_last(state))
        scores.append(evaluate(network, split))
    return scores


def agree(found, expected):
    assert [one.error for one in found] == [one.error for one in expected]
    assert [one.loss for one in found] == pytest.approx([one.loss for one in expected], rel=1e-5)
    assert len({one.error for one in found}) > 1


@pytest.mark.parametrize("name", NAMES)
def test_as_a_plain_loop_over_the_points(name, monkeypatch):
    monkeypatch.setattr(by_hand, "HELD_POINTS", 3)
    first, second, masks = levels(name)
    split, points = examples_of(name), grid(4, 0.5)
    found = evaluate_plane(name, plane_of(first, second, masks), points, split)
    agree(found, one_by_one(name, first, second, masks[1], points, split))


def test_examples_in_several_chunks(monkeypatch):
    monkeypatch.setattr(by_hand, "HELD_CHUNKS", 2)
    monkeypatch.setattr(by_hand, "chunk_of", lambda network: 64)
    name = "lenet-300-100"
    first, second, masks = levels(name)
    split, points = images(name, 3 * 64 + 7), grid(4, 0.5)
    found = evaluate_plane(name, plane_of(first, second, masks), points, split)
    agree(found, one_by_one(name, first, second, masks[1], points, split))


@pytest.mark.parametrize("name", ["digits-mlp", "lenet-300-100"])
def test_mlps_by_hand_as_any_network(name, monkeypatch):
    first, second, masks = levels(name)
    split, points = examples_of(name), grid(6, 0.5)
    ours = evaluate_plane(name, plane_of(first, second, masks), points, split)
    monkeypatch.setattr(landscape, "MLP", type("No network", (), {}))
    agree(ours, evaluate_plane(name, plane_of(first, second, masks), points, split))


@pytest.mark.parametrize("name", NAMES)
def test_corners_are_the_networks_themselves(name):
    """To the bit: what is not pruned of the other networks leaves no rounding."""
    first, second, masks = levels(name)
    split, here = examples_of(name), plane_of(first, second, masks)
    found = evaluate_plane(name, here, CORNERS, split)
    for point, score, own in zip(CORNERS, found, (here.projection, second, first), strict=True):
        assert all(torch.equal(value, own[n]) for n, value in here.at(point).items())
        network = networks.build(name).eval()
        networks.bind(network, networks.channels_last(own))
        alone = evaluate(network, split)
        assert score.error == alone.error
        assert score.loss == pytest.approx(alone.loss, rel=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_point_has_the_same_bits_whatever_the_others_are(name):
    here, split, points = plane_of(*levels(name)), examples_of(name), grid(4, 0.5)
    whole = evaluate_plane(name, here, points, split)
    cuts = [0, 1, 4, 14, 16]
    parts = [evaluate_plane(name, here, points[a:b], split) for a, b in pairwise(cuts)]
    assert [score for part in parts for score in part] == whole


def test_the_workers_of_a_team_share_the_chunks_and_yield_as_often(monkeypatch):
    monkeypatch.setattr(by_hand, "chunk_of", lambda network: 64)
    name = "lenet-300-100"
    here, split = plane_of(*levels(name)), images(name, 64 * 3)
    shared = {}

    class Worker(Team):
        size = 2

        def __init__(self, rank):
            self.rank = rank

        def gather(self, value):
            shared[self.rank] = value
            return list(shared.values())

    def run(rank):
        steps, shares = landscape.evaluating_plane(name, here, grid(3, 0), split, Worker(rank)), []
        while True:
            try:
                shares.append(next(steps))
            except StopIteration as end:
                return shares, end.value

    (first, _), (second, found) = run(0), run(1)
    assert first == second
    assert first[-1] == 1
    assert found == evaluate_plane(name, here, grid(3, 0), split)


def test_a_measurement_of_two_levels(store, short):
    _, dense, mask, sparse = needed = pair_of_levels(short())
    job = measures.measured("plane", [dense, sparse], side=5)
    do(store, *needed, job)
    found = decode(job, store.read(job.kind, job.key).payload)
    first, second, keep = (held(store, one) for one in (dense, sparse, mask))
    here = context(samples.digits())
    projection = masked(first, keep)
    for name, own in (("1", first), ("2", second), ("projection", projection)):
        assert found[f"plane_error_{name}"] == here.score(own, "test").error
    assert found["plane_length_x"] == pytest.approx(
        math.sqrt(sum(float((second[n] - projection[n]).square().sum()) for n in keep))
    )
    assert found["plane_length_y"] == pytest.approx(
        math.sqrt(sum(float(first[n][~keep[n]].square().sum()) for n in keep))
    )
    assert list(zip(found["plane_x"], found["plane_y"], strict=True)) == grid(5, 0.5)
    assert len(found["plane_error"]) == len(found["plane_loss"]) == 25
    assert found["weights_left"] == 100


def test_a_sample_of_a_split(arms):
    mask = prune_by_magnitude(arms[0], full_mask(arms[0], ["linears.0.weight"]), 0.2)
    here = replace(context(samples.digits()), masks=(None, mask))
    ends = arms[0], masked(arms[1], mask)
    found = compute(ends, here, Options(side=3, split="train", examples=50))
    sample = samples.digits().train.sample(50)
    expected = evaluate_plane("digits-mlp", Plane(*ends, mask), grid(3, 0.5), sample)
    assert found["plane_error"] == [score.error for score in expected]


def test_two_copies_of_one_level_are_refused_in_a_line(store, short):
    w_k, dense, mask, sparse = needed = pair_of_levels(short())
    other = trained(w_k, 20, 2, mask)
    do(store, *needed, other)
    for pair, words in (
        ([sparse, other], "both networks keep the same weights"),
        ([sparse, dense], "network 2 is not pruned"),
    ):
        with pytest.raises(Exception, match=f"{words}; a plane goes through two levels of one"):
            do(store, measures.measured("plane", pair, side=3))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"side": 1}, "side must be from 2 to 1000, not 1"),
        ({"margin": -0.1}, "margin must be from 0 to 10, not -0.1"),
        ({"margin": math.nan}, "margin must be from 0 to 10, not nan"),
        ({"examples": 0}, "examples must be at least 1, not 0"),
    ],
)
def test_what_options_may_not_be(options, words):
    with pytest.raises(ValueError, match=f"^{words}$"):
        Options(**options)


def test_it_is_of_two_levels():
    assert plane.MEASURE.of_levels
    assert not measures.find("instability").of_levels
