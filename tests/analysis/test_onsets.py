import math

import pandas as pd
import pytest

from analysis.onsets import CELL_DTYPES, DenseReference, arms, cells, dense_reference, onsets

nan = math.nan


def line(frame, trial, instabilities, strategy="dense", level=0):
    """Trials of one line, one sample a rewind point: {k: instability}."""
    rows = [trial(strategy, level, k, instability=v) for k, v in instabilities.items()]
    return frame(*rows)


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
        *("recipe", "strategy", "level", "rewind", "init_seed", "order_seed"),
        *("accuracy_test", "accuracy_train"),
    ]


@pytest.mark.parametrize(
    "other",
    [{"init": 2}, {"rewind": 20}, {"strategy": "imp", "level": 1}, {"orders": (3, 4)}],
)
def test_arms_of_other_inits_points_and_strategies_are_their_own(frame, trial, other):
    assert len(arms(frame(trial(), trial(**other)))) == 4


def test_an_order_seed_is_the_same_arm_on_either_side(frame, trial):
    trials = frame(
        trial(orders=(1, 2), accuracies=(90.0, 91.0)),
        trial(orders=(3, 1), accuracies=(92.0, 90.0)),
    )
    assert arms(trials)["accuracy_test"].tolist() == [90.0, 91.0, 92.0]


# --- the dense reference ----------------------------------------------------------------


def test_dense_reference_is_taken_at_the_smallest_rewind_point(frame, trial):
    trials = frame(
        trial(rewind=100, accuracies=(50.0, 50.0)),
        trial(rewind=20, accuracies=(97.0, 98.0)),
        trial(rewind=20, init=2, accuracies=(99.0, 98.0)),
        trial("imp", 1, 0, accuracies=(10.0, 10.0)),
    )
    # Of 97, 98, 99, 98: squared deviations 1 + 0 + 1 + 0 over 3.
    assert dense_reference(trials) == DenseReference(98.0, pytest.approx(math.sqrt(2 / 3)), 4, 20)


def test_no_dense_reference_without_dense_trials(frame, trial):
    assert dense_reference(frame(trial("imp", 1))) is None
    assert dense_reference(frame()) is None


# --- cells ------------------------------------------------------------------------------


def test_a_cell_averages_instability_over_trials_and_accuracy_over_arms(frame, trial):
    accuracy = {1: 97.0, 2: 98.0, 3: 96.0, 4: 92.0}
    rows = [
        trial(orders=p, instability=i, accuracies=(accuracy[p[0]], accuracy[p[1]]))
        for p, i in {(1, 2): 1.0, (1, 3): 2.0, (1, 4): 6.0}.items()
    ]
    [cell] = cells(frame(*rows)).to_dict("records")
    assert cell["n"] == 3
    assert cell["instability_test"] == pytest.approx(3.0)
    assert cell["instability_test_std"] == pytest.approx(math.sqrt((4 + 1 + 9) / 2))
    assert cell["instability_train"] == pytest.approx(1.5)
    assert cell["instability_train_std"] == pytest.approx(math.sqrt((4 + 1 + 9) / 2) / 2)
    # Four arms, each once. Weighted by pairs, arm 1 would count three times: 96.17.
    assert cell["accuracy_test"] == pytest.approx(95.75)
    assert cell["accuracy_test_std"] == pytest.approx(
        math.sqrt((1.25**2 + 2.25**2 + 0.25**2 + 3.75**2) / 3)
    )
    assert cell["drop"] == 0.0
    assert cell["weights_left"] == 100.0


def test_cells_stand_in_the_order_of_the_papers(frame, trial):
    wanted = [
        ("dense", 0, 0),
        ("dense", 0, 100),
        ("imp", 2, 0),
        ("imp", 10, 5),
        ("imp", 10, 20),
        ("random-pruning", 10, 0),
        ("random-reinit", 10, 0),
        ("another", 1, 0),
        ("yet-another", 1, 0),
    ]
    found = cells(frame(*(trial(*where) for where in reversed(wanted))))
    assert list(found[["strategy", "level", "rewind"]].itertuples(index=False, name=None)) == wanted


def test_one_sample_has_no_deviation(frame, trial):
    [cell] = cells(frame(trial(instability=1.0))).to_dict("records")
    assert cell["n"] == 1
    assert math.isnan(cell["instability_test_std"])
    assert cell["instability_test"] == 1.0
    assert cell["stable"] is True


def test_no_trials_make_no_cells_of_the_same_types(frame):
    found = cells(frame())
    assert len(found) == 0
    assert {name: str(dtype) for name, dtype in found.dtypes.items()} == CELL_DTYPES


def test_types_do_not_depend_on_the_values(frame, trial):
    found = cells(frame(trial("imp", 1, instability=nan)))
    assert {name: str(dtype) for name, dtype in found.dtypes.items()} == CELL_DTYPES


@pytest.mark.parametrize(
    ("instabilities", "stable_below", "stable"),
    [
        ([1.9], 2.0, True),
        ([2.0], 2.0, False),
        ([4.1 - 2.1], 2.0, False),  # 1.9999999999999996 in floating point
        ([2.1], 2.0, False),
        ([2.1], 3.0, True),
        ([1.0, 5.0], 2.0, False),
        ([nan], 2.0, False),
        ([0.5, nan], 2.0, False),
    ],
)
def test_stable_is_a_mean_below_the_threshold(frame, trial, instabilities, stable_below, stable):
    rows = [trial(init=i, instability=v) for i, v in enumerate(instabilities)]
    [found] = cells(frame(*rows), stable_below=stable_below)["stable"]
    assert found == stable


def test_stability_is_judged_on_the_test_set(frame, trial):
    row = trial(instability=1.0) | {"instability_train": 50.0}
    assert cells(frame(row))["stable"].tolist() == [True]


@pytest.mark.parametrize(
    ("accuracies", "matching", "drop", "verdict"),
    [
        # The dense reference is 97.5 with a standard deviation of sqrt(0.5) = 0.7071.
        ((97.5, 97.5), "one-std", 0.0, True),
        ((98.0, 99.0), "one-std", -1.0, True),
        ((97.5 - math.sqrt(0.5),) * 2, "one-std", math.sqrt(0.5), True),
        ((96.79, 96.79), "one-std", 0.71, False),
        ((97.3, 97.3), 0.2, 0.2, True),  # 97.5 - 97.3 > 0.2 in floating point
        ((97.29, 97.29), 0.2, 0.21, False),
        ((97.3, 97.3), 0.0, 0.2, False),
        ((97.5, 97.5), 0.0, 0.0, True),
        ((nan, 97.5), 0.2, nan, False),
    ],
)
def test_matching_is_a_drop_within_the_tolerance(frame, trial, accuracies, matching, drop, verdict):
    trials = frame(trial(accuracies=(97.0, 98.0)), trial("imp", 1, accuracies=accuracies))
    cell = cells(trials, matching=matching).iloc[1]
    assert cell["drop"] == pytest.approx(drop, nan_ok=True)
    assert cell["matching"] == verdict


def test_the_dense_networks_are_judged_like_any_other(frame, trial):
    trials = frame(trial(rewind=0), trial(rewind=20, accuracies=(96.0, 97.0)))
    found = cells(trials)
    assert found["drop"].tolist() == [0.0, 1.0]
    assert found["matching"].tolist() == [True, False]


def test_nothing_matches_without_something_to_match(frame, trial):
    found = cells(frame(trial("imp", 1)))
    assert found["matching"].isna().all()
    assert found["drop"].isna().all()


def test_one_dense_arm_has_no_deviation_to_match_within(frame, trial):
    trials = frame(trial(orders=(1, 1), accuracies=(97.0, 97.0)), trial("imp", 1))
    assert cells(trials)["matching"].isna().all()
    assert cells(trials, matching=0.2)["matching"].tolist() == [True, True]


def test_an_unknown_rule_of_matching_is_an_error(frame, trial):
    with pytest.raises(ValueError, match="two-std"):
        cells(frame(trial()), matching="two-std")


def test_recipes_are_not_mixed(frame, trial):
    with pytest.raises(ValueError, match=r"several recipes: \['a', 'b'\]"):
        cells(frame(trial(recipe="b"), trial(recipe="a", rewind=20)))


# --- onsets -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instabilities", "onset"),
    [
        ({0: 60.0, 20: 1.0, 60: 0.5}, 20),
        ({0: 0.5, 20: 1.0, 60: 0.5}, 0),
        ({0: 60.0, 20: 3.0, 60: 2.0}, None),
        ({0: 60.0, 20: 1.0, 60: 5.0, 120: 1.0}, 120),  # stable, unstable, stable
        ({0: 1.0, 20: 1.0, 60: 5.0}, None),  # not at the end
        ({0: 60.0, 20: nan, 60: 1.0}, 60),
        ({0: 60.0, 20: 1.0, 60: nan}, None),
        ({100: 1.0}, 100),
        ({100: 3.0}, None),
        ({500: 0.1, 20: 1.0, 100: 0.4, 0: 50.0}, 20),  # whatever the order
    ],
)
def test_the_onset_is_where_stability_begins_to_last(frame, trial, instabilities, onset):
    [found] = onsets(cells(line(frame, trial, instabilities)), "stable").to_dict("records")
    assert found["last"] == max(instabilities)
    assert pd.isna(found["onset"]) if onset is None else found["onset"] == onset


def test_the_onset_does_not_rest_on_the_order_of_the_rows(frame, trial):
    shuffled = cells(line(frame, trial, {0: 60.0, 20: 1.0, 60: 0.5})).iloc[[1, 2, 0]]
    assert onsets(shuffled, "stable")["onset"].tolist() == [20]


def test_onsets_of_matching(study):
    found = onsets(cells(study), "matching")
    assert found["strategy"].tolist() == ["dense", "imp", "random-pruning"]
    assert found["level"].tolist() == [0, 11, 11]
    assert found["weights_left"].tolist() == pytest.approx([100.0, 8.589934592, 8.589934592])
    assert found["onset"].tolist() == [0, 120, pd.NA]
    assert found["last"].tolist() == [120, 120, 120]


def test_no_onset_of_matching_without_a_reference(frame, trial):
    found = onsets(cells(frame(trial("imp", 1))), "matching")
    assert found["onset"].isna().tolist() == [True]
    assert str(found["onset"].dtype) == "Int64"


def test_no_cells_have_no_onsets(frame):
    found = onsets(cells(frame()), "stable")
    assert len(found) == 0
    assert str(found["onset"].dtype) == "Int64"
