"""What a search came by: scores, the best, and what is said of them."""

import math

import pytest

from analysis.objectives import Outcome, value
from analysis.tuned import Tuned, caption, finding, scores, table

MIN = Tuned("objective", "min")


def test_the_objective_is_the_highest_error_on_the_path():
    """Ends with 2 and 4 % of errors, and 10 points above their mean: 13 %."""
    assert value("objective", [Outcome("dense", 10.0, 97.0)]) == pytest.approx(13.0)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [("objective", 12.0), ("instability", 8.0), ("error", 4.0), ("drop", 4.0)],
)
def test_metrics_are_means_over_trials(metric, expected):
    outcomes = [
        Outcome("dense", 4.0, 98.0),
        Outcome("imp", 12.0, 94.0),
    ]
    assert value(metric, outcomes) == pytest.approx(expected)


@pytest.mark.parametrize("metric", ["objective", "instability", "error"])
@pytest.mark.parametrize(
    "lost", [Outcome("dense", 1.0, 98.0, True), Outcome("dense", math.nan, math.nan)]
)
def test_what_diverged_is_the_worst(metric, lost):
    assert value(metric, [lost]) == 100.0


def rows(frame, trial, of):
    """Two trials of each recipe: {label: (instability, accuracy)}."""
    return frame(
        *(
            trial("dense", 0, 0, init=init, recipe=label, instability=one, accuracies=(acc, acc))
            for label, (one, acc) in of.items()
            for init in (1, 2)
        )
    )


OF = {"a": (10.0, 97.0), "b": (1.0, 98.0), "c": (60.0, 95.0)}
AXES = {"learning_rate": {"a": 0.3, "b": 0.1, "c": 1.0}}


def test_the_best_come_first(frame, trial):
    found = scores(rows(frame, trial, OF), MIN)
    assert found["recipe"].tolist() == ["b", "a", "c"]
    assert found["value"].tolist() == pytest.approx([3.0, 13.0, 65.0])
    most = scores(rows(frame, trial, OF), Tuned("objective", "max"))
    assert most["recipe"].tolist() == ["c", "a", "b"]


def test_the_table_has_a_column_for_each_hyperparameter(frame, trial):
    found = table(rows(frame, trial, OF), AXES, MIN)
    assert found["learning_rate"].tolist() == ["0.1", "0.3", "1"]
    assert found["highest test error on the path (%)"].tolist() == ["3.00", "13.00", "65.00"]


def test_a_sentence_says_the_best_and_the_worst(frame, trial):
    assert finding(rows(frame, trial, OF), AXES, MIN) == [
        "Of 3 combinations that were tried, learning_rate=0.1 is the best: highest test error on "
        "the path (%) 3.00; the worst has 65.00."
    ]
    assert finding(rows(frame, trial, {"a": (1.0, 98.0)}), AXES, MIN) == []
    assert "3 combinations" in caption(rows(frame, trial, OF), MIN)


def test_a_diverged_trial_counts_as_the_worst(frame, trial):
    made = frame(
        trial("dense", 0, 0, recipe="a", diverged=(False, True)),
        trial("dense", 0, 0, recipe="b", instability=50.0),
    )
    assert scores(made, MIN)["recipe"].tolist() == ["b", "a"]
