import math

import pandas as pd
import pytest

from analysis.formats import extent, interval, listed, number, spread, weights

nan = math.nan


@pytest.mark.parametrize(
    ("value", "plain", "signed"),
    [
        (1.94, "1.9", "+1.9"),
        (-0.25, "−0.2", "−0.2"),
        (0.0, "0.0", "0.0"),
        (-0.04, "0.0", "0.0"),
        (0.04, "0.0", "0.0"),
        (nan, "–", "–"),
    ],
)
def test_numbers_have_one_decimal(value, plain, signed):
    assert number(value) == plain
    assert number(value, signed=True) == signed


@pytest.mark.parametrize(
    ("mean", "std", "text"),
    [(65.71, 13.68, "65.7 ± 13.7"), (65.71, nan, "65.7"), (nan, nan, "–"), (nan, 1.0, "–")],
)
def test_a_spread_shows_what_there_is(mean, std, text):
    assert spread(mean, std) == text


@pytest.mark.parametrize(
    ("percent", "text"),
    [(100.0, "100.0"), (8.589934592, "8.6"), (1.0, "1.0"), (0.0343, "0.034"), (0.5, "0.5")],
)
def test_weights_left_stay_apart_at_extreme_sparsities(percent, text):
    assert weights(percent) == text


def test_intervals_and_extents():
    assert interval(0.44, 1.8) == "0.4 to 1.8"
    assert interval(-0.44, 1.8, signed=True) == "−0.4 to +1.8"
    assert interval(nan, nan) == "–"
    assert extent(pd.Series([1.5, 0.5, nan]), "%") == "0.5 to 1.5 %"
    assert extent(pd.Series([0.5]), "points") == "0.5 points"


@pytest.mark.parametrize(
    ("items", "text"), [([0], "0"), ([0, 20], "0 and 20"), ([0, 20, 120], "0, 20 and 120")]
)
def test_lists_read_as_in_a_sentence(items, text):
    assert listed(items) == text
