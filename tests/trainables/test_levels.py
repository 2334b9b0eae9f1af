from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainables.levels import number_to_prune, weights_at_levels
from trainables.networks import NETWORKS

percentages = st.integers(1, 999).map(lambda permille: permille / 1000)


def test_one_weight_too_many_is_not_pruned():
    assert number_to_prune(35, 0.2) == 7
    assert 0.07 * 100 > 7  # in floating point, which rounding up makes 8
    assert number_to_prune(100, 0.07) == 7


@pytest.mark.parametrize(
    ("remaining", "fraction", "pruned"),
    [
        (100, 0.2, 20),
        (1, 0.2, 0),
        (2, 0.2, 0),
        (3, 0.2, 1),
        (10, 0.29, 3),
        (0, 0.5, 0),
        (7, 0.99, 7),
        (90, 0.35, 32),
    ],
)
def test_the_nearest_whole_number(remaining, fraction, pruned):
    assert number_to_prune(remaining, fraction) == pruned


@given(st.integers(0, 30_000_000), percentages)
def test_rounding_is_that_of_the_decimal_fraction(remaining, fraction):
    exact = Decimal(str(fraction)) * remaining
    assert number_to_prune(remaining, fraction) == exact.quantize(Decimal(1), ROUND_HALF_EVEN)


@given(st.integers(1, 5000), percentages)
def test_levels_go_on_until_nothing_more_would_be_pruned(prunable, fraction):
    left = list(weights_at_levels(prunable, fraction))
    assert left[0] == prunable
    for before, after in pairwise(left):
        assert before - after == number_to_prune(before, fraction) > 0
    assert number_to_prune(left[-1], fraction) == 0


def test_levels_are_the_papers():
    """LMC's levels, in % of the weights left, which rounding to whole weights must not move."""
    published = [
        100,
        80.0,
        64.0,
        51.2,
        41.0,
        32.8,
        26.2,
        21.0,
        16.8,
        13.4,
        10.7,
        8.6,
        6.9,
        5.5,
        4.4,
    ]
    published.append(3.5)
    prunable = NETWORKS["digits-mlp"].prunable
    left = list(weights_at_levels(prunable, 0.2))[: len(published)]
    assert [round(100 * weights / prunable, 1) for weights in left] == published


def test_eleven_levels_of_digits_mlp():
    exact = 15_072 * Fraction(4, 5) ** 11
    left = list(weights_at_levels(15_072, 0.2))[11]
    # Each level's rounding is at most half a weight, and shrinks with the levels after it.
    assert abs(left - exact) <= sum(Fraction(4, 5) ** n for n in range(11)) / 2
    remaining = 15_072
    for _ in range(11):
        pruned, rest = divmod(remaining, 5)
        remaining -= pruned + (rest > 2)
    assert left == remaining
    assert f"{left / 15_072:.1%}" == "8.6%"
