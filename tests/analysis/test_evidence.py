"""Comparisons in words, and what several say together; closed forms by hand."""

from math import inf, nan

import pandas as pd
import pytest
from claims_samples import Made

from analysis.claims.evidence import Evidence, alike, all_of, compared, smaller
from analysis.claims.quoting import at_each_k, called, errors, quoted, sampled
from analysis.statistics import skewed

YES, NO, UNTOLD = Evidence(True, "a", 3.0), Evidence(False, "b", 2.0), Evidence(None, "c", 1.0)


@pytest.mark.parametrize(
    ("found", "claimed", "holds", "says"),
    [
        ((1.0, 0.5, 1.5), "below", True, "x: 1.0 % (0.5 to 1.5), below 2 %"),
        ((9.0, 8.0, 10.0), "below", False, "x: 9.0 % (8.0 to 10.0), above 2 %"),
        ((9.0, 8.0, 10.0), "above", True, "x: 9.0 % (8.0 to 10.0), above 2 %"),
        ((2.0, 2.0, 2.0), "at most", True, "x: 2.00 % (2.00 to 2.00), at 2 %"),
        ((2.0, 2.0, 2.0), "below", False, "x: 2.00 % (2.00 to 2.00), at 2 %"),
        ((1.0, -0.5, 2.5), "below", None, "x: 1.0 % (−0.5 to 2.5), the interval holds 2 %"),
        ((1.0, nan, nan), "below", True, "x: 1.0 % (one init, so no interval), below 2 %"),
        ((nan, nan, nan), "below", None, "x: not measured"),
    ],
)
def test_a_mean_is_held_against_a_border(found, claimed, holds, says):
    evidence = compared("x", found, 2.0, claimed)
    assert (evidence.holds, evidence.says) == (holds, says)


def test_numbers_that_round_to_their_border_have_a_digit_more():
    says = compared("x", (0.31, 0.3, 0.32), 0.29, "at most", " points").says
    assert says == "x: 0.31 points (0.30 to 0.32), above 0.29 points"


def by_init(*values):
    return pd.Series(values, index=[1, 2, 3][: len(values)], dtype=float)


def test_a_difference_is_told_by_its_interval():
    """Paired inits: differences of −1, −2 and −3, so −2 ± 4.303 / √3."""
    evidence = smaller("x", by_init(1, 2, 3), by_init(2, 4, 6), "")
    assert (evidence.holds, evidence.says) == (
        None,
        "x: −2.0 (−4.5 to 0.5), the interval holds 0; below 0 in 3 of 3 inits",
    )
    assert smaller("x", by_init(1, 2, 3), by_init(4, 5, 6)).holds is True
    assert smaller("x", by_init(4, 5, 6), by_init(1, 2, 3)).holds is False
    alone = smaller("x", by_init(1), by_init(2), "")
    assert (alone.holds, alone.says) == (None, "x: −1.0 (one init, so no interval)")


def test_distances_are_not_cut_at_100():
    assert "−900.0 (−900.0 to −900.0)" in smaller("x", by_init(1, 1), by_init(901, 901), "").says


@pytest.mark.parametrize(
    ("parts", "holds", "says"),
    [
        ([YES], True, "a"),
        ([YES, YES], True, "a; a"),
        ([YES] * 4, True, "all 4 comparisons hold; the closest: a"),
        ([YES, UNTOLD], None, "1 of 2 comparisons cannot be told: c"),
        ([YES, UNTOLD, NO], False, "1 of 3 comparisons fails: b"),
        ([NO] * 5, False, "5 of 5 comparisons fail: b; b; b; and 2 more"),
    ],
)
def test_of_several_those_that_decide_are_said(parts, holds, says):
    assert (all_of(parts).holds, all_of(parts).says) == (holds, says)


def test_the_nearest_to_its_border_is_quoted_of_many():
    far = [Evidence(True, f"{clear}", clear) for clear in (5.0, inf, 0.5, 7.0)]
    assert all_of(far).says.endswith("the closest: 0.5")


def test_two_comparisons_come_out_alike_or_not():
    assert alike(YES, YES).holds is alike(NO, NO).holds is True
    assert alike(YES, NO).holds is False
    assert (alike(YES, UNTOLD).holds, alike(YES, UNTOLD).says) == (None, "c")


@pytest.mark.parametrize(
    ("values", "few"),
    [
        ([60, 64, 68], False),
        ([50] * 8 + [1700], True),  # 233 and 50
        ([45] * 6 + [700] * 3, True),  # 263 and 45: three trials share a network
        ([3.0, 3.0, 6.0], False),  # 4 and 3: by a quarter exactly
        ([3.0, 3.0, 6.1], True),
        ([3.0, nan, 3.0, 6.1], True),
        ([0.0, 90.0, 90.0], True),  # 60 and 90
        ([0.0, 0.0, 0.0], False),
        ([], False),
    ],
)
def test_a_mean_far_from_its_median_is_driven_by_few(values, few):
    assert skewed(pd.Series(values, dtype=float)) is few


def test_a_mean_that_few_samples_drive_has_its_median_beside_it():
    inits = pd.Series([1, 1, 2, 2])
    assert quoted((pd.Series([1.0, 2.0, 2.0, 3.0]), inits)) == "2.0 %"
    outlier = pd.Series([10.0, 11.0, 12.0, 500.0]), inits
    assert quoted(outlier, "") == "133.2 (median 11.5)"


def test_samples_of_a_cell_are_those_of_its_mean(trial):
    made = Made(trial).cell(k=20, instability=1.0, columns={"distance_l2": 7.0})
    study = made.cell("imp", 3, 20).cell("imp", 3, 60, accuracy=96.0).study()
    trials = study.usual
    assert len(sampled(trials, "instability_test", "dense", 3, 20)[0]) == 9
    networks, inits = sampled(trials, "accuracy_test", "dense", None, 20)
    assert len(networks) == 9
    assert sorted(set(inits)) == [1, 2, 3]
    assert len(sampled(trials, "accuracy_test", "imp", 3, [20, 60])[0]) == 18
    assert sampled(trials, "distance_l2", "imp", 3, 20)[0].empty
    assert sampled(trials, "distance_l2", "dense", 0, 20)[0].eq(7.0).all()
    assert errors((networks, inits))[0].mean() == pytest.approx(2.5)


def test_values_by_k_in_words():
    assert at_each_k({0: "64.3 %"}) == "64.3 % at k = 0"
    of_many = {0: "9 %", 20: "5 %", 60: "3 %", 480: "1 %"}
    assert at_each_k(of_many) == "9 % at k = 0, 5 % at 20, 1 % at 480"
    assert (called("imp"), called("random-pruning")) == ("IMP", "random pruning")
