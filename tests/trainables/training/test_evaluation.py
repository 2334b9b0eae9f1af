import math

import numpy as np
import pytest
import samples
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn

from trainables import networks
from trainables.data.split import Split
from trainables.training.evaluation import count, evaluate


def split_of(logits, labels):
    return Split(torch.tensor(logits, dtype=torch.float64), torch.tensor(labels))


AS_THEY_ARE = nn.Identity()
"""A network whose logits are its inputs."""


def test_error_and_loss_by_hand():
    """Softmax of (ln 3, 0) is (3/4, 1/4): -ln 3/4 where right, -ln 1/4 where wrong."""
    odds = math.log(3)
    split = split_of([[odds, 0.0], [odds, 0.0], [0.0, odds], [odds, 0.0]], [0, 1, 1, 0])
    error, loss = evaluate(AS_THEY_ARE, split)
    assert error == 25.0
    assert loss == pytest.approx((3 * math.log(4 / 3) + math.log(4)) / 4, rel=1e-12)


def test_all_right_and_all_wrong():
    right = split_of([[9.0, 0.0, 0.0], [0.0, 0.0, 9.0]], [0, 2])
    wrong = split_of([[9.0, 0.0, 0.0], [0.0, 0.0, 9.0]], [1, 0])
    assert evaluate(AS_THEY_ARE, right)[0] == 0
    assert evaluate(AS_THEY_ARE, wrong)[0] == 100


def test_uniform_logits_cost_the_logarithm_of_the_classes():
    split = split_of([[0.0] * 10] * 7, list(range(7)))
    assert evaluate(AS_THEY_ARE, split)[1] == pytest.approx(math.log(10), rel=1e-12)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("label", [0, 1])
def test_what_is_not_finite_is_wrong(bad, label):
    split = split_of([[bad, 1.0], [5.0, 0.0]], [label, 0])
    assert evaluate(AS_THEY_ARE, split)[0] == 50


@given(
    arrays(
        np.float32,
        (3, 4, 5),
        elements=st.sampled_from([-1.0, 0.0, 2.0, math.nan, math.inf, -math.inf]),
    ),
    st.lists(st.integers(0, 3), min_size=5, max_size=5),
)
def test_of_equal_logits_the_first_is_the_prediction(logits, labels):
    counted = count(torch.from_numpy(logits), torch.tensor(labels))
    for of_one, (size, wrong, _) in zip(logits, counted, strict=True):
        right = [
            bool(np.isfinite(column).all()) and int(np.argmax(column)) == label
            for column, label in zip(of_one.T, labels, strict=True)
        ]
        assert (size, wrong) == (5, 5 - sum(right))


@pytest.mark.parametrize("broken", [[math.nan] * 4, [0.0, math.nan, math.inf, 0.0]])
def test_what_is_not_finite_hides_no_tie(broken):
    """Of the same network or another: of a tie two logits are the highest, of NaN none is."""
    tied, sure = [1.0, 1.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]
    labels = torch.tensor([1, 1, 1])
    for logits, expected in (
        ([[tied, broken, sure], [sure, sure, sure]], [2, 0]),
        ([[tied, sure, sure], [sure, broken, sure]], [1, 1]),
    ):
        counted = count(torch.tensor(logits).transpose(1, 2), labels)
        assert [wrong for _, wrong, _ in counted] == expected


@pytest.mark.parametrize("chunk", [1, 7, 100, 797, 798, 10_000])
def test_chunks_change_no_error(chunk):
    network = networks.build("digits-mlp").eval()
    networks.bind(network, networks.initial_weights("digits-mlp", "kaiming-normal", "init", 1))
    split = samples.digits().test
    logits = network(split.images).detach().double()
    error, loss = evaluate(network, split, chunk=chunk)
    assert error == 100 * int((logits.argmax(1) != split.labels).sum()) / 797
    expected = -logits.log_softmax(1)[range(797), split.labels].mean().item()
    assert loss == pytest.approx(expected, rel=1e-5)


def test_batchnorm_statistics_are_neither_moved_nor_made_from_the_split():
    network = nn.BatchNorm1d(2, affine=False).eval()
    network(torch.zeros(1, 2))
    before = network.running_mean.clone()
    split = Split(torch.tensor([[2.0, 1.0], [4.0, 3.0]]), torch.tensor([0, 0]))
    assert evaluate(network, split)[0] == 0
    assert torch.equal(network.running_mean, before)
