"""Estimates of nested samples against closed forms, and coverage on simulated ones."""

import math

import numpy as np
import pandas as pd
import pytest

from analysis.statistics import (
    PERCENT,
    below,
    difference,
    estimate,
    judge,
    mean_interval,
    share_below,
    straddles,
)

nan = math.nan

T2, T1 = 4.302653, 12.706205  # 97.5 % quantiles of Student's t, from a printed table


def nested(groups):
    """Values and their inits: {init: values}."""
    values = [value for group in groups.values() for value in group]
    inits = [init for init, group in groups.items() for _ in group]
    return pd.Series(values, dtype="float64"), pd.Series(inits)


def test_an_estimate_of_balanced_samples():
    found = estimate(*nested({1: [1.0, 3.0], 2: [4.0, 6.0], 3: [7.0, 9.0]}))
    assert (found.n, found.inits) == (6, 3)
    assert found.mean == 5.0
    assert found.std == pytest.approx(math.sqrt(2 * (16 + 4 + 1) / 5))
    assert found.std_inits == pytest.approx(3.0)  # of 2, 5, 8
    half = T2 * 3 / math.sqrt(3)
    assert (found.low, found.high) == pytest.approx((max(5 - half, 0), 5 + half), rel=1e-6)


def test_inits_weigh_the_same_however_many_samples_they_have():
    found = estimate(*nested({1: [10.0], 2: [20.0, 22.0, 24.0]}))
    assert found.mean == 16.0
    assert found.std_inits == pytest.approx(math.sqrt(72))


def test_what_is_not_a_number_is_left_out_and_with_it_an_init_that_has_nothing_else():
    found = estimate(*nested({1: [10.0, nan], 2: [20.0, 22.0], 3: [nan, nan]}))
    assert (found.n, found.inits, found.mean) == (3, 2, 15.5)


def test_one_init_has_no_interval():
    found = estimate(*nested({7: [1.0, 2.0, 6.0]}))
    assert (found.mean, found.n, found.inits) == (3.0, 3, 1)
    assert found.std == pytest.approx(math.sqrt(7))
    assert all(math.isnan(v) for v in (found.std_inits, found.low, found.high))


def test_nothing_has_no_mean():
    found = estimate(*nested({}))
    assert (found.n, found.inits) == (0, 0)
    assert all(math.isnan(v) for v in (found.mean, found.std, found.low, found.high))


def test_intervals_end_where_values_do():
    found = estimate(*nested({1: [0.5], 2: [99.5]}))
    assert (found.low, found.high) == PERCENT
    wider = estimate(*nested({1: [0.5], 2: [99.5]}), bounds=(-math.inf, math.inf))
    assert wider.high - wider.mean == pytest.approx(T1 * 49.5, rel=1e-6)


# --- differences ------------------------------------------------------------------------


def test_differences_of_the_same_inits_are_paired():
    first = pd.Series({1: 90.0, 2: 70.0, 3: 50.0})
    second = pd.Series({3: 48.0, 1: 87.0, 2: 69.0})  # differences 3, 1, 2
    mean, low, high = difference(first, second)
    half = T2 / math.sqrt(3)
    assert (mean, low, high) == pytest.approx((2.0, 2 - half, 2 + half), rel=1e-6)


def test_differences_of_other_inits_are_of_independent_samples():
    first = pd.Series({1: 10.0, 2: 12.0, 3: 14.0})
    second = pd.Series({4: 1.0, 5: 2.0, 6: 3.0})
    mean, low, high = difference(first, second)
    half = T2 * math.sqrt(4 / 3 + 1 / 3)
    assert (mean, low, high) == pytest.approx((10.0, 10 - half, 10 + half), rel=1e-6)


def test_a_difference_from_one_init_has_no_interval():
    mean, low, high = difference(pd.Series({1: 5.0, 2: 7.0}), pd.Series({1: 3.0}))
    assert mean == 3.0
    assert math.isnan(low)
    assert math.isnan(high)


# --- thresholds -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "strictly", "inclusively"),
    [(1.9, True, True), (4.1 - 2.1, False, True), (2.0, False, True), (2.1, False, False)],
)
def test_rounding_does_not_decide_on_which_side_a_value_is(value, strictly, inclusively):
    assert below(value, 2.0) == strictly
    assert below(value, 2.0, inclusive=True) == inclusively


@pytest.mark.parametrize(
    ("low", "high", "within"),
    [
        (1.0, 3.0, True),
        (0.0, 2.0, False),
        (2.0, 3.0, False),
        (2.0 - 1e-12, 3.0, False),
        (0.0, 1.0, False),
        (nan, nan, False),
    ],
)
def test_an_interval_straddles_what_is_inside_it(low, high, within):
    assert straddles(low, high, 2.0) == within


# --- the bootstrap's share --------------------------------------------------------------


def test_the_share_of_bootstrap_samples_is_that_of_all_draws():
    """Inits of one value each, 0 and 3: a mean below 1 needs both draws to be 0, one case in 4."""
    assert share_below(*nested({1: [0.0], 2: [3.0]}), 1.0, "a") == pytest.approx(0.25, abs=0.04)
    # Within inits: 0 and 3 drawn twice from one init, whatever the other; both constant.
    mixed = nested({1: [0.0, 3.0], 2: [0.0, 3.0]})
    assert share_below(*mixed, 0.1, "a") == pytest.approx(1 / 16, abs=0.025)


def test_ragged_inits_are_resampled_from_their_own_values():
    ragged = nested({1: [5.0], 2: [5.0] * 3, 3: [5.0] * 2})
    assert share_below(*ragged, 5.1, "a") == 1.0
    assert share_below(*ragged, 5.0, "a") == 0.0


def test_many_samples_are_resampled_in_parts(monkeypatch):
    values = nested({init: list(range(10)) for init in range(4)})
    whole = share_below(*values, 4.5, "a")
    monkeypatch.setattr("analysis.statistics._AT_ONCE", 300)
    assert share_below(*values, 4.5, "a") == pytest.approx(whole, abs=0.05)


def test_a_share_comes_out_the_same_again_and_depends_on_its_cell():
    values = nested({1: [0.0, 4.0, 1.0], 2: [3.0, 2.0, 2.5], 3: [1.0, 1.5, 2.2]})
    shares = [share_below(*values, 2.0, ("digits", "imp", 11, k)) for k in (0, 0, 20, 60, 120)]
    assert shares[0] == shares[1]
    assert len(set(shares)) > 1


def test_one_init_cannot_be_resampled():
    assert math.isnan(share_below(*nested({1: [1.0, 2.0]}), 2.0, "a"))


def test_a_judgement_holds_together():
    values, inits = nested({1: [1.0, 1.5, 2.0], 2: [1.0, nan, 0.5], 3: [3.0, 2.5, 2.0 - 1e-12]})
    found = judge(values, inits, 2.0, "a")
    assert found.of == estimate(values, inits)
    assert (found.holds, found.passing, found.borderline) == (True, 4, True)
    assert found.share == share_below(values, inits, 2.0, "a")
    assert 0.5 < found.share < 1.0
    nothing = judge(*nested({1: [nan]}), 2.0, "a")
    assert (nothing.holds, nothing.passing, nothing.borderline) == (None, 0, False)


# --- coverage ---------------------------------------------------------------------------

PAIRS = [(0, 1), (0, 2), (1, 2)]  # of three arms
VARIANCES = {0.3: (0.1, 0.2, 0.5), 0.8: (0.7, 0.1, 0.1)}
LAWS = {
    "normal": lambda random, size: random.standard_normal(size),
    "gamma": lambda random, size: (random.gamma(2, size=size) - 2) / math.sqrt(2),  # skewness 1.4
    "exponential": lambda random, size: random.exponential(size=size) - 1,  # skewness 2
}
SETS = 10_000
UNBOUNDED = (-math.inf, math.inf)


def simulated(law, icc, inits):
    """Samples [SETS, inits, pairs] with mean 0, variance 1 and that correlation within an init.

    A pair is the sum of its init, its two arms and a rest. Pairs of three arms share one arm.
    """
    random = np.random.default_rng(1)
    init, arm, rest = map(math.sqrt, VARIANCES[icc])
    of_inits, of_arms, rests = (LAWS[law](random, (SETS, inits, n)) for n in (1, 3, 3))
    pairs = np.stack([of_arms[..., a] + of_arms[..., b] for a, b in PAIRS], axis=-1)
    return init * of_inits + arm * pairs + rest * rests


NESTED = [(icc, inits) for icc in VARIANCES for inits in (3, 5, 10)]


@pytest.mark.parametrize(("icc", "inits"), NESTED)
def test_simulated_samples_are_correlated_as_they_should_be(icc, inits):
    first, second, _ = simulated("normal", icc, inits).reshape(-1, 3).T
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(icc, abs=0.02)
    assert first.var() == pytest.approx(1, abs=0.03)


# Three standard errors of 10,000 sets are 0.7 points.
@pytest.mark.parametrize(
    ("law", "least", "most"),
    [("normal", 0.94, 0.96), ("gamma", 0.92, 0.96), ("exponential", 0.91, 0.95)],
)
@pytest.mark.parametrize(("icc", "inits"), NESTED)
def test_intervals_cover_the_mean_of_nested_samples(law, least, most, icc, inits):
    low, high = mean_interval(simulated(law, icc, inits).mean(-1), UNBOUNDED)
    assert least < np.mean((low <= 0) & (high >= 0)) < most


@pytest.mark.parametrize(("icc", "inits"), NESTED)
def test_an_interval_that_takes_all_samples_as_independent_covers_too_little(icc, inits):
    samples = simulated("normal", icc, inits).reshape(SETS, -1)
    half = 1.96 * samples.std(-1, ddof=1) / math.sqrt(samples.shape[1])
    assert np.mean(np.abs(samples.mean(-1)) <= half) < 0.88


def test_an_estimate_has_the_interval_whose_coverage_is_tested():
    samples = simulated("normal", 0.3, 5)[0]
    found = estimate(pd.Series(samples.ravel()), pd.Series(np.repeat(range(5), 3)), UNBOUNDED)
    assert (found.low, found.high) == pytest.approx(mean_interval(samples.mean(-1), UNBOUNDED))
