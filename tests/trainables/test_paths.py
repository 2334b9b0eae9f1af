import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from trainables.paths import alphas, interpolate

finite = st.floats(-1e6, 1e6, allow_subnormal=False)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 1000))
def test_alphas_are_evenly_spaced_with_both_ends(points):
    values = alphas(points)
    assert len(values) == points
    assert (values[0], values[-1]) == (0.0, 1.0)
    for before, after in pairwise(values):
        assert after - before == pytest.approx(1 / (points - 1), rel=1e-9)


def test_thirty_alphas_are_torchs_linspace():
    """LMC section 2: 30 evenly spaced values."""
    expected = torch.linspace(0, 1, 30, dtype=torch.float64)
    torch.testing.assert_close(torch.tensor(alphas(30), dtype=torch.float64), expected)


@given(finite, finite, st.floats(0, 1, allow_subnormal=False))
def test_a_point_is_the_weighted_mean(first, second, alpha):
    tensors = [{"x": torch.tensor([v], dtype=torch.float64)} for v in (first, second)]
    point = interpolate(*tensors, alpha)["x"].item()
    assert point == pytest.approx(second + alpha * (first - second), rel=1e-12, abs=1e-9)


def test_ends_are_the_networks_to_the_bit():
    first = {"w": torch.tensor([0.1, -0.0, math.inf]), "b": torch.tensor([1.0])}
    second = {"b": torch.tensor([math.nan]), "w": torch.tensor([math.inf, 0.3, -2.0])}
    for alpha, end in ((1.0, first), (0.0, second)):
        point = interpolate(first, second, alpha)
        assert point.keys() == end.keys()
        for name, value in end.items():
            assert torch.equal(point[name].view(torch.int32), value.view(torch.int32))


def test_every_tensor_is_interpolated_by_name_and_neither_end_moves():
    first = {"weight": torch.ones(2, 3), "running_var": torch.full((3,), 4.0)}
    second = {"running_var": torch.zeros(3), "weight": torch.zeros(2, 3)}
    point = interpolate(first, second, 0.25)
    assert torch.equal(point["weight"], torch.full((2, 3), 0.25))
    assert torch.equal(point["running_var"], torch.ones(3))
    assert torch.equal(first["weight"], torch.ones(2, 3))
    assert torch.equal(second["weight"], torch.zeros(2, 3))
