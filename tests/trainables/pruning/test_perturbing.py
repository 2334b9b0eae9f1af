import math

import pytest
import torch

from trainables.pruning.perturbing import norm_of_pruned, perturbed

WEIGHTS = {
    "a.weight": torch.tensor([[3.0, -1.0], [2.0, 4.0]]),
    "b.weight": torch.tensor([12.0, 0.5]),
    "b.bias": torch.tensor([7.0]),
}
MASK = {
    "a.weight": torch.tensor([[False, True], [True, False]]),
    "b.weight": torch.tensor([False, True]),
}


def test_the_norm_is_that_of_what_is_pruned() -> None:
    """3, 4, 12: a box with the diagonal 13."""
    assert norm_of_pruned(WEIGHTS, MASK) == 13


def test_weights_are_moved_that_far_and_others_not() -> None:
    moved = perturbed(WEIGHTS, MASK, 13.0, 1, 1)
    by = torch.cat([(moved[name] - WEIGHTS[name]).flatten() for name in MASK])
    assert float(by.norm()) == pytest.approx(13, rel=1e-6)
    assert (by != 0).all()
    assert torch.equal(moved["b.bias"], WEIGHTS["b.bias"])
    assert moved.keys() == WEIGHTS.keys()


def test_no_distance_moves_nothing() -> None:
    moved = perturbed(WEIGHTS, MASK, 0.0, 1, 1)
    assert all(torch.equal(moved[name], value) for name, value in WEIGHTS.items())


def test_directions_are_independent_of_each_other_and_of_the_weights() -> None:
    """Cosines of random directions in n dimensions are about 1 / sqrt(n)."""
    n = 10_000
    weights, mask = {"w": torch.ones(n)}, {"w": torch.ones(n, dtype=torch.bool)}
    seeds = [(1, 1), (1, 2), (2, 1), (11,)]
    by = [perturbed(weights, mask, 1.0, *seed)["w"] - 1 for seed in seeds]
    for number, one in enumerate(by):
        others = [*by[:number], weights["w"]]
        cosines = [float(one @ other / one.norm() / other.norm()) for other in others]
        assert all(abs(cosine) < 5 / math.sqrt(n) for cosine in cosines)
    again = perturbed(weights, mask, 1.0, 1, 1)["w"] - 1
    assert torch.equal(again, by[0])
