"""Planes through two trained networks of successive levels and the projection between them.

Unmasking appendix C, "Error landscape of an IMP step" and "Pruning". The origin is the projection
m(L+1) w(L). The x axis leads from it to w(L+1), the y axis to w(L): these are orthogonal, because
one lies in the weights that m(L+1) keeps, the other in those that it prunes. Coordinates are shares
of the axes, so that the three networks are at (0, 0), (1, 0) and (0, 1).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from trainables.paths import mix
from trainables.pruning.masks import masked
from trainables.weights import Mask, Weights

WANTED = "a plane goes through two levels of one chain of pruning, the sparser one second"

Corners = tuple[Tensor, Tensor, Tensor]
"""Of the projection, w(L+1) and w(L), in the order of `CORNERS`."""


class Point(NamedTuple):
    """A point of a plane, in shares of its axes."""

    x: float
    y: float


PROJECTION, SECOND, FIRST = CORNERS = (Point(0.0, 0.0), Point(1.0, 0.0), Point(0.0, 1.0))
"""Where the projection, w(L+1) and w(L) are."""


def coordinates(side: int, margin: float) -> list[float]:
    """Return `side` evenly spaced coordinates of which one is 0 and one is 1, both exactly.

    They reach about `margin` below 0 and above 1: by the whole number of steps that comes nearest.
    """
    steps = max(round((side - 1) / (1 + 2 * margin)), 1)
    below = (side - 1 - steps) // 2
    return [(number - below) / steps for number in range(side)]


def grid(side: int, margin: float) -> list[Point]:
    """Return the points of a square grid in rows of one y, along which x grows."""
    along = coordinates(side, margin)
    return [Point(x, y) for y in along for x in along]


def barycentric(point: Point) -> tuple[float, float, float]:
    """Return the weights of the projection, w(L+1) and w(L) whose sum is a point; they add to 1."""
    return 1 - point.x - point.y, point.x, point.y


def nearest(point: Point, width: float, height: float) -> Point:
    """Return the point of the triangle of the three networks that is nearest to a point.

    `width` and `height` are the lengths of the axes, in which distances are meant.
    """
    if point.x >= 0 and point.y >= 0 and point.x + point.y <= 1:
        return point
    edges = ((PROJECTION, SECOND), (PROJECTION, FIRST), (SECOND, FIRST))
    found = [_on_edge(point, *edge, width, height) for edge in edges]
    return min(
        found, key=lambda one: math.hypot((one.x - point.x) * width, (one.y - point.y) * height)
    )


def _on_edge(point: Point, begin: Point, end: Point, width: float, height: float) -> Point:
    """Return the nearest point of an edge of the triangle."""
    dx, dy = end.x - begin.x, end.y - begin.y
    square = (dx * width) ** 2 + (dy * height) ** 2
    product = (point.x - begin.x) * dx * width**2 + (point.y - begin.y) * dy * height**2
    share = min(max(product / square, 0.0), 1.0) if square else 0.0
    return Point(begin.x + share * dx, begin.y + share * dy)


@dataclass(frozen=True)
class Plane:
    """The plane of w(L), its projection m(L+1) w(L), and w(L+1)."""

    first: Weights
    """w(L)."""
    second: Weights
    """w(L+1)."""
    mask: Mask
    """m(L+1)."""

    @cached_property
    def projection(self) -> Weights:
        """m(L+1) w(L), with all that is not prunable as in w(L)."""
        return masked(self.first, self.mask)

    @cached_property
    def width(self) -> float:
        """Length of the x axis, from the projection to w(L+1), over the prunable weights."""
        return self._distance(self.second)

    @cached_property
    def height(self) -> float:
        """Length of the y axis, from the projection to w(L), over the prunable weights."""
        return self._distance(self.first)

    def _distance(self, other: Weights) -> float:
        differences = (other[n].double() - self.projection[n].double() for n in self.mask)
        return math.sqrt(sum(float(one.square().sum()) for one in differences))

    def share(self, point: Point) -> float:
        """Return the share of w(L+1) in what is not prunable, the rest of which is that of w(L).

        It is x inside the triangle, and outside that of the nearest point in the triangle, as what
        is not prunable isn't extrapolated. The projection has that of w(L).
        """
        return nearest(point, self.width, self.height).x

    def at(self, point: Point, leave_out: str = "") -> Weights:
        """Return the network at a point, perhaps without one of its tensors.

        At the corners it has the values of the networks there, to the bit where they are finite.
        """
        share = self.share(point)
        return {
            name: self.combined(self.corners(name), point)
            if name in self.mask
            else mix(self.second[name], first, share)
            for name, first in self.first.items()
            if name != leave_out
        }

    def corners(self, name: str) -> Corners:
        """Return a tensor of the projection, of w(L+1) and of w(L)."""
        return self.projection[name], self.second[name], self.first[name]

    @staticmethod
    def combined(corners: Corners, point: Point, out: Tensor | None = None) -> Tensor:
        """Return what is linear in the prunable weights at a point, from its values at the corners.

        It is written to `out` where that is given.
        """
        weights = barycentric(point)
        made = torch.mul(corners[0], weights[0], out=out)
        for corner, weight in zip(corners[1:], weights[1:], strict=True):
            made.add_(corner, alpha=weight)
        return made


def plane_of(first: Weights, second: Weights, masks: Sequence[Mask | None]) -> Plane:
    """Return the plane of w(L) and w(L+1), which have some masks; None: it is dense.

    Raises ValueError unless the second network keeps some of the weights that the first one keeps,
    not all of them, and no others.
    """
    outer, inner = masks
    if inner is None:
        raise ValueError(f"network 2 is not pruned; {WANTED}")
    kept = {name: outer[name] if outer else torch.ones_like(keep) for name, keep in inner.items()}
    if any(bool((keep & ~kept[name]).any()) for name, keep in inner.items()):
        raise ValueError(f"network 2 keeps weights that network 1 has not; {WANTED}")
    if all(torch.equal(keep, kept[name]) for name, keep in inner.items()):
        raise ValueError(f"both networks keep the same weights; {WANTED}")
    return Plane(first, second, inner)
