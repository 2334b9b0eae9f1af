from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trainables import networks
from trainables.data.split import Scaling, Split
from trainables.recipes import RECIPES
from trainables.training import feed, loop
from trainables.training.augmentation import ShiftFlip, augmentation
from trainables.training.loop import TrainingState, train

SHIFTS = range(9)
"""Row and column of the padded image at which the crop begins; 4 leaves an image in place."""


def drawn(augment, indices, epoch):
    """Down, right and mirrored of each example, seen in an image whose pixels say where they lie.

    The middle of 17x17 pixels never leaves the image.
    """
    rows, columns = torch.meshgrid(torch.arange(17), torch.arange(17), indexing="ij")
    image = torch.stack([rows, columns], -1).to(torch.uint8)
    moved = augment(image.expand(len(indices), -1, -1, -1), indices, epoch).long()
    down, right = moved[:, 8, 8].sub(4).unbind(1)
    mirrored = moved[:, 8, 9, 1] < moved[:, 8, 8, 1]
    return list(zip(down.tolist(), right.tolist(), mirrored.tolist(), strict=True))


def plain(image, down, right, mirrored):
    height, width, _ = image.shape
    padded = np.pad(image, ((4, 4), (4, 4), (0, 0)))
    crop = padded[down : down + height, right : right + width]
    return crop[:, ::-1] if mirrored else crop


def random_images(*shape, seed=0):
    stream = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, shape, generator=stream, dtype=torch.uint8)


@given(
    st.lists(st.integers(0, 49), min_size=1, max_size=8),
    st.tuples(st.integers(1, 12), st.integers(1, 12), st.integers(1, 4)),
    st.integers(0, 5),
)
def test_each_image_is_padded_cropped_and_flipped(indices, size, epoch):
    augment, chosen = ShiftFlip(50, 3), torch.tensor(indices)
    images = random_images(len(indices), *size)
    before = images.clone()
    moved = augment(images, chosen, epoch)
    assert moved.dtype == torch.uint8
    assert moved.shape == images.shape
    assert moved.is_contiguous()
    assert torch.equal(images, before), "the images themselves are left alone"
    draws = drawn(augment, chosen, epoch)
    assert [list(draw) for draw in draws] == augment._draws[:, chosen].T.tolist()
    for image, found, draw in zip(images, moved, draws, strict=True):
        assert np.array_equal(found, plain(image.numpy(), *draw))


def test_black_comes_in():
    augment, indices = ShiftFlip(200, 1), torch.arange(200)
    white = torch.full((200, 10, 7, 3), 255, dtype=torch.uint8)
    moved = augment(white, indices, 0)
    for image, (down, right, _) in zip(moved, drawn(augment, indices, 0), strict=True):
        left = (10 - abs(down - 4)) * (7 - abs(right - 4))
        assert Counter(image.flatten().tolist()) == Counter({255: 3 * left, 0: 3 * (70 - left)})


def test_every_move_and_mirroring_is_as_likely():
    """Chi-square of 162 equal cells: mean 161, deviation 18."""
    examples = 162 * 100
    counts = Counter(drawn(ShiftFlip(examples, 1), torch.arange(examples), 0))
    assert counts.keys() == {(d, r, m) for d in SHIFTS for r in SHIFTS for m in (False, True)}
    statistic = sum((count - 100) ** 2 / 100 for count in counts.values())
    assert 161 - 6 * 18 < statistic < 161 + 6 * 18


def test_an_example_does_not_depend_on_its_batch():
    images = random_images(20, 6, 6, 3)
    augment = ShiftFlip(20, 7)
    expected = augment(images, torch.arange(20), 2)
    for batch in (torch.tensor([3]), torch.tensor([19, 3, 0]), torch.arange(19, -1, -1)):
        assert torch.equal(augment(images[batch], batch, 2), expected[batch])
        assert torch.equal(ShiftFlip(20, 7)(images[batch], batch, 2), expected[batch])


def test_epochs_may_come_in_any_order():
    images, indices = random_images(20, 6, 6, 3), torch.arange(20)
    augment = ShiftFlip(20, 7)
    first, second, again = (augment(images, indices, epoch) for epoch in (0, 1, 0))
    assert torch.equal(first, again)
    assert not torch.equal(first, second)


def test_epochs_and_order_seeds_share_nothing():
    """Draws agree by chance alone, in 1 of 162; neighbouring streams are not shifted copies."""
    indices = torch.arange(3000)
    draws = [
        drawn(ShiftFlip(3000, seed), indices, epoch)
        for seed, epoch in ((1, 0), (1, 1), (2, 0), (2, 1), (0, 1))
    ]
    for index, one in enumerate(draws):
        for other in draws[:index]:
            for lag in range(3):
                same = sum(a == b for a, b in zip(one[lag:], other, strict=False))
                assert same < 3000 / 162 + 6 * (3000 / 162) ** 0.5


def test_the_global_generator_is_neither_used_nor_moved():
    images, indices = random_images(20, 6, 6, 3), torch.arange(20)
    results, states = [], []
    for seed in (1, 2):
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        results.append(ShiftFlip(20, 7)(images, indices, 0))
        states.append(torch.equal(torch.get_rng_state(), before))
    assert torch.equal(*results)
    assert states == [True, True]


def test_recipes_choose(short):
    images = random_images(4, 6, 6, 3)
    indices = torch.arange(4)
    assert augmentation(short(), 4, 1)(images, indices, 0) is images
    ours = augmentation(short(augmentation="shift-flip"), 4, 1)
    assert torch.equal(ours(images, indices, 0), ShiftFlip(4, 1)(images, indices, 0))
    with pytest.raises(ValueError, match="crop-flip"):
        augmentation(short(augmentation="crop-flip"), 4, 1)


# --- in training ------------------------------------------------------------------------

NETWORK = "resnet8-narrow-cifar"
RECIPE = replace(
    RECIPES["resnet20-cifar10"],
    network=NETWORK,
    iterations=8,
    milestones=(6,),
    batch_size=8,
)
"""Three iterations an epoch of 20 images, the last of 4."""


def images_of_cifars_size():
    moments = torch.full((3,), 0.5).double(), torch.full((3,), 0.25).double()
    return Split(random_images(20, 32, 32, 3), torch.arange(20) % 10, Scaling.of("unit", *moments))


def training(recipe, state=None, order_seed=3):
    weights = networks.initial_weights(NETWORK, "kaiming-normal", "init", 1)
    state = state or TrainingState(0, weights)
    options = {"order_seed": order_seed, "until": recipe.iterations}
    return train(recipe, state, images_of_cifars_size(), **options)


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_training_with_augmentation_resumes_anywhere_in_an_epoch(monkeypatch):
    monkeypatch.setattr(loop, "PULSE_SECONDS", -1.0)
    copies = [state.copy() for state in training(RECIPE)]
    assert [copy.iteration for copy in copies] == list(range(1, 9))
    for copy in (copies[0], copies[3], copies[4]):  # the fourth step begins the second epoch
        *_, last = training(RECIPE, copy.copy())
        assert same(last.weights, copies[-1].weights)
        assert same(last.optimizer, copies[-1].optimizer)
    *_, without = training(replace(RECIPE, augmentation="none"))
    assert not same(without.weights, copies[-1].weights)


def test_training_augments_the_examples_of_each_batch_in_its_epoch(monkeypatch):
    seen = []

    def watched(recipe, examples, order_seed):
        assert (recipe, examples, order_seed) == (RECIPE, 20, 5)

        def augment(images, indices, epoch):
            assert torch.equal(images, images_of_cifars_size().images[indices])
            seen.append((epoch, indices.tolist()))
            return torch.zeros_like(images)

        return augment

    monkeypatch.setattr(feed, "augmentation", watched)
    *_, last = training(RECIPE, order_seed=5)
    assert [epoch for epoch, _ in seen] == [0, 0, 0, 1, 1, 1, 2, 2]
    for epoch in (0, 1):
        assert sorted(index for e, batch in seen for index in batch if e == epoch) == list(
            range(20)
        )
    assert [len(batch) for _, batch in seen] == [8, 8, 4, 8, 8, 4, 8, 8]
    # What it returns is what is trained on: the stem's sums of black images are 0.
    assert not last.weights["stem.norm.running_mean"].any()
