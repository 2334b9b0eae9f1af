"""The geometry of planes against closed forms and brute force."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trainables.planes import (
    CORNERS,
    FIRST,
    PROJECTION,
    SECOND,
    Point,
    barycentric,
    coordinates,
    grid,
    nearest,
    plane_of,
)


def floats(low, high):
    """Without the smallest ones, which workers flush to 0."""
    return st.floats(low, high, allow_subnormal=False)


PLACES = floats(-3, 4)
LENGTHS = floats(0.01, 100)


def length(one, other, width, height):
    return math.hypot((one.x - other.x) * width, (one.y - other.y) * height)


def test_the_papers_grid_has_the_three_networks_on_it():
    along = coordinates(51, 0.5)
    assert (len(along), along[12], along[37]) == (51, 0, 1)
    assert (along[0], along[-1]) == (-0.48, 1.52)
    points = grid(51, 0.5)
    assert len(points) == 51**2
    assert points[:2] == [(-0.48, -0.48), (-0.44, -0.48)]
    assert set(CORNERS) <= set(points)


@given(st.integers(2, 200), floats(0, 10))
def test_zero_and_one_are_exactly_on_any_grid(side, margin):
    along = coordinates(side, margin)
    assert len(along) == side
    assert {0, 1} <= set(along)
    step = along[1] - along[0]
    assert [b - a for a, b in pairwise(along)] == pytest.approx([step] * (side - 1))
    if margin * 2 <= side / 3:
        assert along[0] == pytest.approx(-margin, abs=margin + step)


def test_without_a_margin_the_grid_ends_at_the_networks():
    assert coordinates(3, 0) == [0, 0.5, 1]


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ((0.25, 0.5), (0.25, 0.5)),  # inside
        ((0.5, 0.5), (0.5, 0.5)),  # on an edge
        ((0.3, -2), (0.3, 0)),  # beside the legs
        ((-1, 0.7), (0, 0.7)),
        ((-1, -2), (0, 0)),  # beyond the corners
        ((3, -0.1), (1, 0)),
        ((-0.1, 3), (0, 1)),
        ((3, 1), (1, 0)),  # still beyond a corner: below the normal of the long edge there
    ],
)
def test_nearest_points_of_a_triangle_with_equal_legs(point, expected):
    assert nearest(Point(*point), 2.0, 2.0) == pytest.approx(expected)


@given(floats(0, 1), floats(0, 5), LENGTHS, LENGTHS)
def test_beyond_the_long_edge_it_is_the_foot_of_the_normal(share, away, width, height):
    """From a point of the edge along its normal, (height, width) in true lengths."""
    on = Point(1 - share, share)
    norm = math.hypot(width, height)
    beyond = Point(on.x + away * height / norm / width, on.y + away * width / norm / height)
    assert nearest(beyond, width, height) == pytest.approx(on, abs=1e-6)


def test_lengths_decide_which_point_is_nearest():
    """The long edge from (l1, 0) to (0, l2): of (1, 1) the foot is at l2^2 / (l1^2 + l2^2)."""
    x, y = nearest(Point(1, 1), 1.0, 3.0)
    assert (x, y) == pytest.approx((1 - 9 / 10, 9 / 10))


@given(PLACES, PLACES, LENGTHS, LENGTHS, floats(0, 1), floats(0, 1))
def test_no_point_of_the_triangle_is_nearer(x, y, width, height, first, second):
    point, other = Point(x, y), Point(first * (1 - second), first * second)
    found = nearest(point, width, height)
    assert min(barycentric(found)) >= -1e-9
    assert length(found, point, width, height) <= length(other, point, width, height) + 1e-9
    assert nearest(found, width, height) == pytest.approx(found, abs=1e-9)


@given(PLACES, PLACES)
def test_barycentric_weights_add_to_one_and_lead_to_the_point(x, y):
    weights = barycentric(Point(x, y))
    assert sum(weights) == pytest.approx(1)
    for axis in (0, 1):
        assert sum(w * c[axis] for w, c in zip(weights, CORNERS, strict=True)) == (x, y)[axis]


def test_an_axis_without_length_is_no_error():
    assert nearest(Point(2, 1), 0.0, 0.0) in CORNERS


def networks():
    """Four prunable weights, of which the first is pruned in both; a bias, and a statistic."""
    first = {"w": [0.0, 3.0, 4.0, 1.0], "b": [1.0], "running": [10.0]}
    second = {"w": [0.0, 0.0, 0.0, 6.0], "b": [3.0], "running": [20.0]}
    masks = {"w": [False, True, True, True]}, {"w": [False, False, False, True]}
    states = [{n: torch.tensor(v) for n, v in one.items()} for one in (first, second)]
    return *states, [{n: torch.tensor(v) for n, v in one.items()} for one in masks]


def test_a_plane_by_hand():
    """Axes of 5, a 3-4-5 triangle's, and of 5, from 1 to 6."""
    plane = plane_of(*networks())
    assert plane.projection["w"].tolist() == [0, 0, 0, 1]
    assert (plane.width, plane.height) == (5, 5)

    def at(x, y):
        return [value.tolist() for value in plane.at(Point(x, y)).values()]

    assert at(*PROJECTION) == [[0, 0, 0, 1], [1], [10]]
    assert at(*SECOND) == [[0, 0, 0, 6], [3], [20]]
    assert at(*FIRST) == [[0, 3, 4, 1], [1], [10]]
    assert at(0.25, 0.5) == [[0, 1.5, 2, 2.25], [1.5], [12.5]]
    assert at(2, -1) == [[0, -3, -4, 11], [3], [20]]  # nearest is w(L+1)
    assert at(1, 1) == [[0, 3, 4, 6], [2], [15]]  # the middle of the long edge
    assert at(0.5, -1) == [[0, -3, -4, 3.5], [2], [15]]


@pytest.mark.parametrize(
    ("masks", "words"),
    [
        (lambda one, two: (one, None), "network 2 is not pruned"),
        (lambda one, two: (None, None), "network 2 is not pruned"),
        (lambda one, two: (two, one), "network 2 keeps weights that network 1 has not"),
        (lambda one, two: (one, one), "both networks keep the same weights"),
        (lambda one, two: (None, {"w": torch.ones(4).bool()}), "both networks keep the same"),
    ],
)
def test_networks_that_are_no_two_levels_are_refused_in_a_line(masks, words):
    first, second, own = networks()
    with pytest.raises(ValueError, match=f"^{words}.*; a plane goes through two levels"):
        plane_of(first, second, masks(*own))


def test_the_denser_network_may_be_dense():
    first, second, (_, mask) = networks()
    assert plane_of(first, second, (None, mask)).height == 5
