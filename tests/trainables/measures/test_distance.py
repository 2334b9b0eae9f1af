"""Distances in weight space, against torch's own norms and cosines."""

import math

import pytest
import samples
import torch
from hypothesis import given
from hypothesis import strategies as st
from measure_samples import context
from torch.nn.functional import cosine_similarity

from trainables import networks
from trainables.measures.distance import compute
from trainables.measures.measure import NoOptions

NAMES = [name for name, _ in networks.build("digits-mlp").named_parameters()]


def measure(first, second):
    return compute((first, second), context(samples.digits()), NoOptions())


def flat(weights, names=NAMES):
    return torch.cat([weights[name].double().flatten() for name in names])


def test_whole_and_by_layer_are_torchs(arms):
    found = measure(*arms)
    whole = [flat(arm) for arm in arms]
    assert found["distance_l2"] == pytest.approx((whole[0] - whole[1]).norm().item(), rel=1e-12)
    expected = 1 - cosine_similarity(*whole, dim=0).item()
    assert found["distance_cosine"] == pytest.approx(expected, rel=1e-9)
    assert list(found["distance_l2_by_layer"]) == NAMES
    for name in NAMES:
        first, second = (flat(arm, [name]) for arm in arms)
        l2 = found["distance_l2_by_layer"][name]
        assert l2 == pytest.approx((first - second).norm().item(), rel=1e-12)
        cosine = 1 - cosine_similarity(first, second, dim=0).item()
        assert found["distance_cosine_by_layer"][name] == pytest.approx(cosine, abs=1e-9)


def test_the_layers_squares_add_up_to_the_whole(arms):
    found = measure(*arms)
    squares = sum(value**2 for value in found["distance_l2_by_layer"].values())
    assert math.sqrt(squares) == pytest.approx(found["distance_l2"], rel=1e-12)


def test_running_statistics_do_not_count(arms):
    other = dict(arms[0]) | {"norms.0.running_mean": arms[0]["norms.0.running_mean"] + 5}
    found = measure(arms[0], other)
    assert found["distance_l2"] == 0
    assert found["distance_cosine"] == pytest.approx(0, abs=1e-12)


@given(factor=st.floats(0.1, 10))
def test_a_scaled_network_is_at_no_angle(arms, factor):
    """|w - c w| = |1 - c| |w|, and cos(w, c w) = 1."""
    scaled = {name: value * factor for name, value in arms[0].items()}
    found = measure(arms[0], scaled)
    norm = flat(arms[0]).norm().item()
    assert found["distance_l2"] == pytest.approx(abs(1 - factor) * norm, rel=1e-5, abs=1e-5)
    assert found["distance_cosine"] == pytest.approx(0, abs=1e-6)


def test_nothing_is_at_no_angle_to_anything(arms):
    zeros = {name: torch.zeros_like(value) for name, value in arms[0].items()}
    assert math.isnan(measure(arms[0], zeros)["distance_cosine"])
