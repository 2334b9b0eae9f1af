import math

import pandas as pd
import pytest
from scipy import stats

from analysis.ends import (
    OUTCOMES,
    arms,
    counting,
    no_better_than_chance,
    outcomes,
    sentences,
)

nan = math.nan


# --- chance -----------------------------------------------------------------------------


@pytest.mark.parametrize("examples", [10, 797, 10_000, 50_000])
@pytest.mark.parametrize("majority", [10.0, 10.2, 50.0, 95.0])
def test_chance_ends_at_the_quantile_of_the_binomial(examples, majority):
    """Against scipy's quantile function, which is another route."""
    quantile = int(stats.binom.ppf(0.999, examples, majority / 100))
    right = pd.Series([0, quantile - 1, quantile, min(quantile + 1, examples)])
    known = pd.Series([float(examples)] * 4), pd.Series([majority] * 4)
    found = no_better_than_chance(100 * right / examples, *known)
    assert found.tolist() == (right <= quantile).tolist()


@pytest.mark.parametrize(
    ("accuracy", "examples", "majority", "untrained"),
    [
        (10.16, 797.0, 10.16, True),
        (97.5, 797.0, 10.16, False),
        (0.0, 797.0, 10.16, True),
        (100.0, 797.0, 100.0, True),  # one class: everybody guesses right
        (10.0, nan, 10.0, False),
        (10.0, 1000.0, nan, False),
        (nan, 1000.0, 10.0, False),
    ],
)
def test_networks_at_chance(accuracy, examples, majority, untrained):
    columns = (pd.Series([value]) for value in (accuracy, examples, majority))
    assert no_better_than_chance(*columns).tolist() == [untrained]


# --- arms -------------------------------------------------------------------------------


def test_three_pairs_hold_three_arms(frame, trial):
    accuracy = {1: 97.0, 2: 98.0, 3: 96.0}
    pairs = [(1, 2), (1, 3), (2, 3)]
    trials = frame(*(trial(orders=p, accuracies=(accuracy[p[0]], accuracy[p[1]])) for p in pairs))
    found = arms(trials)
    assert found["order_seed"].tolist() == [1, 2, 3]
    assert found["accuracy_test"].tolist() == [97.0, 98.0, 96.0]
    assert found["accuracy_train"].tolist() == [100.0, 100.0, 100.0]
    assert list(found.columns) == [
        *("recipe", "strategy", "level", "rewind", "restart", "init_seed", "order_seed"),
        *("accuracy_test", "accuracy_train", "weights_left", "diverged", "untrained"),
    ]


def test_a_trial_of_one_network_has_one_end(frame, trial):
    """It counts if that one is trained, though it has no instability."""
    one = {"orders": (1, 1), "instability": math.nan}
    trials = frame(
        trial(accuracies=(97.0, math.nan), **one),
        trial(init=2, accuracies=(10.0, math.nan), **one),
        trial(init=3, accuracies=(math.nan, math.nan), diverged=(True, False), **one),
    )
    assert arms(trials)["accuracy_test"].tolist()[:2] == [97.0, 10.0]
    assert len(arms(trials)) == 3
    assert counting(trials).tolist() == [True, False, False]
    assert outcomes(trials).tolist() == ["trained", "untrained", "diverged"]


@pytest.mark.parametrize(
    "other",
    [
        {"init": 2},
        {"rewind": 20},
        {"strategy": "imp", "level": 1},
        {"orders": (3, 4)},
        {"restart": "reset"},
        {"recipe": "other"},
    ],
)
def test_arms_of_other_inits_points_strategies_and_recipes_are_their_own(frame, trial, other):
    assert len(arms(frame(trial(), trial(**other)))) == 4


def test_an_order_seed_is_the_same_arm_on_either_side(frame, trial):
    trials = frame(
        trial(orders=(1, 2), accuracies=(90.0, 91.0)),
        trial(orders=(3, 1), accuracies=(92.0, 90.0)),
    )
    assert arms(trials)["accuracy_test"].tolist() == [90.0, 91.0, 92.0]


def test_a_diverged_network_has_no_accuracy(frame, trial):
    found = arms(frame(trial(diverged=(False, True), accuracies=(97.0, 0.0), instability=nan)))
    assert found["diverged"].tolist() == [False, True]
    assert found["untrained"].tolist() == [False, False], "0 % right is no sign of guessing here"
    assert found["accuracy_test"].tolist() == pytest.approx([97.0, nan], nan_ok=True)
    assert found["accuracy_train"].tolist() == pytest.approx([100.0, nan], nan_ok=True)


def test_an_untrained_network_keeps_its_accuracy(frame, trial):
    found = arms(frame(trial(accuracies=(10.5, 97.0))))
    assert found["untrained"].tolist() == [True, False]
    assert found["accuracy_test"].tolist() == [10.5, 97.0]


def test_what_one_trial_says_of_an_arm_holds_in_all(frame, trial):
    """An earlier version did not record how many test examples there are."""
    trials = frame(
        trial(orders=(1, 2), accuracies=(10.0, 97.0), test_examples=nan, majority=nan),
        trial(orders=(1, 3), accuracies=(10.0, 98.0)),
        trial(orders=(2, 3), accuracies=(97.0, 98.0)),
    )
    assert arms(trials)["untrained"].tolist() == [True, False, False]
    assert counting(trials).tolist() == [False, False, True]


# --- trials that count ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "counts"),
    [
        ({}, True),
        ({"diverged": (True, False), "instability": nan}, False),
        ({"diverged": (False, True), "instability": nan}, False),
        ({"accuracies": (10.0, 97.0)}, False),
        ({"accuracies": (97.0, 10.0)}, False),
        ({"accuracies": (97.0, nan)}, False),
        ({"instability": nan}, False),
        ({"accuracies": (10.0, 97.0), "test_examples": nan}, True),  # cannot be tested
        ({"diverged": (True, False), "test_examples": nan, "instability": nan}, False),
    ],
)
def test_a_trial_counts_if_both_ends_are_trained(frame, trial, what, counts):
    assert counting(frame(trial(**what))).tolist() == [counts]


def test_trials_count_whatever_their_index(frame, trial):
    rows = [trial(), trial(rewind=20, accuracies=(10.0, 10.0)), trial(rewind=60)]
    trials = frame(*rows).set_axis([7, 7, 3])
    assert counting(trials.iloc[1:]).tolist() == [False, True]


def test_no_trials_have_no_ends(frame):
    assert len(arms(frame())) == len(counting(frame())) == 0
    assert told(frame()) == []


def told(trials):
    return list(sentences(arms(trials).assign(networks=1)))


# --- in words ---------------------------------------------------------------------------


def test_networks_that_are_all_trained_are_not_worth_a_sentence(study):
    assert told(study) == []


def diverging(trial, k, **what):
    pairs = [(1, 2), (1, 3), (2, 3)]
    return [
        trial(rewind=k, orders=pair, accuracies=(0.0, 0.0), diverged=(True, True), **what)
        for pair in pairs
    ]


def test_all_networks_diverged(frame, trial):
    """As `digits-mlp` at a learning rate of 50: three arms of one init at two points."""
    trials = frame(*diverging(trial, 0, instability=nan), *diverging(trial, 20, instability=nan))
    assert told(trials) == ["6 of 6 networks diverged."]


def test_networks_are_counted_once_and_where_they_are(frame, trial):
    trials = frame(
        trial(orders=(1, 2)),
        trial(orders=(1, 3)),
        trial("imp", 11, orders=(1, 2), accuracies=(10.0, 97.0)),
        trial("imp", 11, orders=(1, 3), accuracies=(10.0, 97.0)),
        trial("random-pruning", 11, diverged=(True, False), instability=nan),
    )
    assert told(trials) == [
        "1 of 8 networks diverged: 1 of 2 Random pruning with 8.6 % left.",
        "1 of 8 networks is no better than chance: 1 of 3 IMP with 8.6 % left.",
    ]


def test_a_trial_is_what_the_worse_of_its_networks_is(frame, trial):
    trials = frame(
        trial(),
        trial(rewind=20, accuracies=(97.0, 10.0)),
        trial(rewind=60, accuracies=(10.0, 0.0), diverged=(False, True), instability=nan),
    ).set_axis([5, 5, 2])
    assert outcomes(trials).tolist() == ["trained", "untrained", "diverged"]
    assert outcomes(trials).index.tolist() == [5, 5, 2]
    assert set(outcomes(trials)) == set(OUTCOMES)


def test_rows_that_stand_for_several_networks_are_added_up():
    counts = pd.DataFrame(
        {
            "strategy": ["dense", "dense"],
            "level": [0, 0],
            "weights_left": [100.0, 100.0],
            "networks": [9, 9],
            "diverged": [0, 0],
            "untrained": [2, 1],
        }
    )
    assert list(sentences(counts)) == ["3 of 18 networks are no better than chance: 3 of 18 Dense."]
