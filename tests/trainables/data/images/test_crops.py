"""Crops and flips against torchvision's own, and against closed forms."""

import math
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torchvision.transforms import transforms

from trainables.data.images.crops import (
    Draws,
    centre_box,
    random_box,
    resized,
    short_side,
)

sides = st.integers(1, 3000)


class AsTorch:
    """What torchvision draws from torch, out of our own draws."""

    def __init__(self, draws):
        self.draws = draws

    def empty(self, size):
        def uniform_(least, most):
            return SimpleNamespace(item=lambda: self.draws.uniform(float(least), float(most)))

        return SimpleNamespace(uniform_=uniform_)

    def randint(self, least, most, size):
        return SimpleNamespace(item=lambda: self.draws.below(most))

    @staticmethod
    def log(pair):
        return [math.log(one) for one in pair]

    @staticmethod
    def tensor(pair):
        return pair

    @staticmethod
    def exp(value):
        return SimpleNamespace(item=lambda: math.exp(value.item()))


@given(sides, sides, st.integers(0, 2**31), st.integers(0, 100), st.integers(0, 10**7))
def test_the_box_is_torchvisions_of_the_same_draws(width, height, seed, epoch, example):
    fake = AsTorch(Draws(seed, epoch, example))
    image = SimpleNamespace()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transforms, "torch", fake)
        patch.setattr(transforms.F, "get_dimensions", lambda image: (3, height, width))
        top, left, h, w = transforms.RandomResizedCrop.get_params(image, (0.08, 1), (3 / 4, 4 / 3))
    assert random_box(width, height, Draws(seed, epoch, example)) == (left, top, w, h)


@given(sides, sides, st.integers(0, 10**6))
def test_a_box_lies_in_the_image(width, height, example):
    left, top, w, h = random_box(width, height, Draws(1, 0, example))
    assert left >= 0
    assert top >= 0
    assert 0 < w <= width - left
    assert 0 < h <= height - top


def test_areas_and_positions_are_spread_evenly():
    boxes = [random_box(2000, 2000, Draws(1, 0, example)) for example in range(4000)]
    areas = [box.width * box.height / 2000**2 for box in boxes]
    assert min(areas) >= 0.079
    # Of areas in [0.08, 0.75] all ratios fit: there they are uniform.
    small = [area for area in areas if area < 0.75]
    assert sum(area < 0.415 for area in small) / len(small) == pytest.approx(0.5, abs=0.03)
    places = [box.left / (2000 - box.width) for box in boxes if box.width < 2000]
    assert sum(places) / len(places) == pytest.approx(0.5, abs=0.02)
    ratios = [math.log(box.width / box.height) for box in boxes]
    assert sum(ratios) / len(ratios) == pytest.approx(0, abs=0.01)
    assert max(ratios) <= math.log(4 / 3) + 0.01


def test_half_are_mirrored():
    mirrored = sum(Draws(1, 0, example).mirrored() for example in range(4000))
    assert mirrored / 4000 == pytest.approx(0.5, abs=0.03)


def test_draws_go_by_seed_epoch_and_example_alone():
    one = random_box(500, 375, Draws(1, 2, 3))
    assert one == random_box(500, 375, Draws(1, 2, 3))
    others = {random_box(500, 375, Draws(*parts)) for parts in ((2, 2, 3), (1, 3, 3), (1, 2, 4))}
    assert len(others | {one}) == 4
    assert len({random_box(500, 375, Draws(s, e, i)) for s, e, i in ((1, 2, 3), (3, 2, 1))}) == 2


def test_known_draws():
    """They decide what is stored under a key: another version must not draw otherwise."""
    draws = Draws(1, 2, 3)
    drawn = [draws.uniform(0, 1), draws.uniform(0, 1), draws.below(1000), draws.mirrored()]
    assert drawn == [0.3815552580289625, 0.6490317624592621, 863, False]


@pytest.mark.parametrize(("size", "short"), [(224, 256), (299, 342), (32, 37)])
def test_the_short_side_of_evaluation(size, short):
    assert short_side(size) == short


@given(sides, sides)
def test_the_resized_image_and_its_centre_are_torchvisions(width, height):
    w, h = resized(width, height, 256)
    new = transforms.F._compute_resized_output_size((height, width), [256])
    assert [h, w] == new
    left, top, side, _ = centre_box(w, h, 224)
    assert (top, left, side) == (round((h - 224) / 2.0), round((w - 224) / 2.0), 224)
