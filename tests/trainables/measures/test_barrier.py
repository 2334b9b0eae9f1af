"""The barrier of Unmasking's Definition A.1, on curves that are known in closed form."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainables import measures
from trainables.measures.barrier import barrier, compute
from trainables.measures.instability import Options, instability
from trainables.paths import alphas

ENDS = st.floats(-3, 3, allow_subnormal=False)
ERRORS = st.lists(st.floats(0, 100, allow_subnormal=False), min_size=3, max_size=40)


def along(function, points):
    return [function(alpha) for alpha in alphas(points)]


def linear_network(alpha):
    """Loss (ab - 1)^2 / 2 on the line from (-1, -1) to (1, 1)."""
    return ((2 * alpha - 1) ** 2 - 1) ** 2 / 2


@pytest.mark.parametrize(
    ("errors", "rises", "unstable"),
    [
        ([20, 12, 10], 0, 5),  # it falls below the line, and begins above the mean
        ([10, 40, 20], 25, 25),
        ([10, 10, 10], 0, 0),
        ([0, 6, 6, 10], 6 - 10 / 3, 5),
        ([10, 30, 30], 10, 10),
    ],
)
def test_it_is_held_against_the_line_between_the_ends(errors, rises, unstable):
    assert barrier(errors) == pytest.approx(rises)
    assert instability(errors) == pytest.approx(unstable)


def test_thirty_points_miss_the_middle():
    assert barrier(along(linear_network, 31)) == 0.5
    assert barrier(along(linear_network, 30)) == pytest.approx((1 - 1 / 841) ** 2 / 2, rel=1e-12)


@given(ENDS, ENDS, st.integers(3, 50))
def test_a_convex_loss_has_none(first, second, points):
    curve = along(lambda alpha: (alpha * first + (1 - alpha) * second) ** 2, points)
    assert barrier(curve) == pytest.approx(0, abs=1e-12)


@given(ERRORS)
def test_bounds(errors):
    """A barrier is at least 0; instability at least half the difference of the ends."""
    assert barrier(errors) >= 0
    assert instability(errors) >= abs(errors[0] - errors[-1]) / 2 - 1e-9
    level = [errors[0], *errors[1:-1], errors[0]]
    assert barrier(level) == pytest.approx(instability(level), abs=1e-9)


def test_it_follows_from_what_instability_found():
    found = measures.wanted("barrier", {"points": 5}, {})
    job = measures.wanted("instability", {"points": 5}, {})
    assert (found.version, found.options, found.work) == (job.version, job.options, job.work)
    errors = {"path_error_test": [1.0, 9.0, 3.0], "path_error_train": [0.0, 1.0, 0.0]}
    values = errors | {"weights_left": 51.2, "diverged_1": False, "diverged_2": False}
    assert found.values(values) == {"weights_left": 51.2, "barrier_test": 7, "barrier_train": 1}
    lost = compute(values | {"diverged_2": True}, None, Options())
    assert all(math.isnan(one) for one in lost.values())
