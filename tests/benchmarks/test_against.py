"""What is compared with does the work that it stands for."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import pad

from benchmarks import plain
from benchmarks.peer import Peer
from benchmarks.training import LENET, RESNET20, Ours, dense_mask, initial, pixels
from trainables import data, networks
from trainables.data.split import Split
from trainables.measures.landscape import evaluate_plane
from trainables.measures.path import evaluate_path
from trainables.planes import grid, plane_of
from trainables.pruning.masks import masked, prune_by_magnitude
from trainables.training.loop import TrainingState


def falls(losses):
    first, last = torch.stack(losses[:5]).mean(), torch.stack(losses[-5:]).mean()
    return last < 0.8 * first


def test_peer_learns_and_keeps_its_mask(mnist):
    torch.manual_seed(0)
    split = data.load(LENET, mnist).train
    mask = dense_mask(initial(LENET).weights, LENET.network)
    mask["linears.0.weight"][:, ::2] = False
    peer = Peer(LENET, pixels(split), split.labels, mask)
    assert falls(peer.advance(100))
    weight = peer.network.model.hidden[0].weight
    peer.network(torch.zeros(1, 1, 28, 28))  # it masks when it is called
    assert not weight[:, ::2].any()
    assert weight[:, 1::2].all()


def test_peer_sees_every_example_once_an_epoch(mnist):
    split = data.load(LENET, mnist).train
    peer = Peer(LENET, pixels(split), split.labels, {})
    batches = [next(peer._batches) for _ in range(10)]  # two epochs of 300 examples
    seen = torch.cat([labels for _, labels in batches])
    assert torch.equal(seen[:300].sort().values, split.labels.sort().values)
    assert not torch.equal(seen[:300], seen[300:])
    images, _ = batches[0]
    assert images.shape == (60, 1, 28, 28)
    assert float(images.min()) >= -0.1307 / 0.3081 - 1e-5


@pytest.fixture
def doubles():
    """Images in 64-bit floats, as ResNet-20 takes them, and its weights."""
    stream = torch.Generator().manual_seed(1)
    images = torch.randn(26, 3, 32, 32, dtype=torch.float64, generator=stream)
    split = Split(images, torch.randint(0, 10, (26,), generator=stream))
    weights = {n: v.double() for n, v in initial(RESNET20).weights.items()}
    return split, weights


def test_plain_resnet20_is_the_same_training(doubles):
    """To 64-bit rounding after four iterations, the last of them of an epoch's rest."""
    split, weights = doubles
    recipe = replace(RESNET20, augmentation="none", batch_size=8, milestones=(2,))
    mask = dense_mask(weights, recipe.network)
    for name in list(mask)[:3]:
        mask[name][::2] = False
    against = plain.Training(recipe, weights, split, mask, order_seed=3)
    losses = against.advance(4)
    ours = Ours(recipe, TrainingState(0, dict(weights)).copy(), split, mask, order_seed=3)
    ours.advance(4)
    assert len(losses) == 4
    theirs = networks.state(against.network)
    for name, value in ours.state.weights.items():
        torch.testing.assert_close(value, theirs[name], rtol=1e-9, atol=1e-11)


def test_plain_resnet20_learns(doubles):
    split, weights = doubles
    recipe = replace(RESNET20, batch_size=8, augmentation="none", learning_rate=0.01)
    single = Split(split.images[:8].float(), split.labels[:8])
    against = plain.Training(recipe, {n: v.float() for n, v in weights.items()}, single, {})
    assert falls(against.advance(15))


def test_plain_augmentation_moves_and_mirrors_each_image():
    torch.manual_seed(0)
    images = torch.rand(6, 2, 5, 5)
    padded = pad(images, (plain.SHIFT,) * 4)
    places = range(2 * plain.SHIFT + 1)
    windows = [padded[:, :, d : d + 5, r : r + 5] for d in places for r in places]
    windows += [window.flip(3) for window in windows]
    found = [
        next(k for k, window in enumerate(windows) if torch.equal(window[i], image))
        for i, image in enumerate(plain.shift_flip(images))
    ]
    assert len(set(found)) > 1


def test_plain_path_has_the_same_errors(mnist):
    split = data.load(LENET, mnist).test
    first, second = (initial(LENET, seed).weights for seed in (1, 2))
    scores = plain.path(
        LENET.network, first, second, plain.inputs(split), split.labels, points=4, chunk=30
    )
    ours = evaluate_path(LENET.network, first, second, split, 4)
    assert [score.error for score in scores] == [score.error for score in ours]
    assert [score.loss for score in scores] == pytest.approx([s.loss for s in ours], rel=1e-5)


def test_plain_plane_has_the_same_errors(mnist):
    split, points = data.load(LENET, mnist).test, grid(4, 0.5)
    first, second = (initial(LENET, seed).weights for seed in (1, 2))
    mask = prune_by_magnitude(first, dense_mask(first, LENET.network), 0.2)
    of = plane_of(first, masked(second, mask), (None, mask))
    scores = plain.plane(LENET.network, of, points, plain.inputs(split), split.labels, chunk=30)
    ours = evaluate_plane(LENET.network, of, points, split)
    assert [score.error for score in scores] == [score.error for score in ours]
    assert [score.loss for score in scores] == pytest.approx([s.loss for s in ours], rel=1e-5)
