"""Which part of an image is seen: at random for training, the centre for evaluation.

The random choice is torchvision's RandomResizedCrop and RandomHorizontalFlip, drawn from the order
seed, the epoch and the example alone.
"""

from __future__ import annotations

import math
import random
from typing import NamedTuple

from trainables.seeds import derive

AREA = (0.08, 1.0)
"""Bounds of a crop's share of the image."""
RATIO = (3 / 4, 4 / 3)
"""Bounds of a crop's width over its height."""
ATTEMPTS = 10
CENTRE = 0.875
"""Side of the centre crop over the short side of the image that it is cut from."""


class Box(NamedTuple):
    left: int
    top: int
    width: int
    height: int


class Draws:
    """The random numbers of an example in an epoch.

    Python's own generator, whose `random()` is the same in every version: it starts in 6
    microseconds, less than one of torch's.
    """

    def __init__(self, order_seed: int, epoch: int, example: int):
        self._next = random.Random(derive("crop", order_seed, epoch, example)).random

    def uniform(self, least: float, most: float) -> float:
        return least + (most - least) * self._next()

    def below(self, number: int) -> int:
        return int(self._next() * number)

    def mirrored(self) -> bool:
        return self._next() < 0.5


def random_box(width: int, height: int, draws: Draws) -> Box:
    """Of random area and ratio; after ten that do not fit, the centre at an allowed ratio."""
    for _ in range(ATTEMPTS):
        area = width * height * draws.uniform(*AREA)
        ratio = math.exp(draws.uniform(math.log(RATIO[0]), math.log(RATIO[1])))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            top = draws.below(height - h + 1)
            return Box(draws.below(width - w + 1), top, w, h)
    w = min(width, round(height * RATIO[1]))
    h = min(height, round(width / RATIO[0]))
    return Box((width - w) // 2, (height - h) // 2, w, h)


def short_side(size: int) -> int:
    """Of the resized image that the centre crop is cut from: 256 for 224, 342 for 299."""
    return round(size / CENTRE)


def resized(width: int, height: int, short: int) -> tuple[int, int]:
    """Width and height with so short a side; the long one is rounded down."""
    if width <= height:
        return short, short * height // width
    return short * width // height, short


def centre_box(width: int, height: int, size: int) -> Box:
    """A square in the middle."""
    return Box(round((width - size) / 2), round((height - size) / 2), size, size)
