"""What a search came by: scores, the best, and what is said of them."""

import math

import matplotlib.pyplot as plt
import pytest

from analysis.figures import parallel
from analysis.objectives import Outcome, value
from analysis.tuned import Tuned, Unfinished, caption, finding, scores, table

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


STOPPED = Tuned("objective", "min", {"b": Unfinished(1, 4, rung=1), "c": Unfinished(3, 4)})
"""The one with the best value was stopped early, and the worst is not done yet."""


def test_what_was_stopped_early_is_never_the_best(frame, trial):
    made = rows(frame, trial, OF)
    found = scores(made, STOPPED)
    assert found["recipe"].tolist() == ["a", "b", "c"]
    assert found["complete"].tolist() == [True, False, False]
    assert table(made, AXES, STOPPED)["trained"].tolist() == [
        "complete",
        "stopped early (1 of 4 trials)",
        "not complete (3 of 4 trials)",
    ]
    assert "trained" not in table(made, AXES, MIN)
    assert "The search stopped 1 of them early" in caption(made, STOPPED)
    assert "stopped" not in caption(made, MIN)


def test_the_sentence_is_of_complete_combinations(frame, trial):
    made = rows(frame, trial, OF | {"d": (0.0, 99.0)})
    axes = {"learning_rate": AXES["learning_rate"] | {"d": 0.2}}
    tuned = Tuned("objective", "min", {"d": Unfinished(1, 4, rung=1)})
    assert finding(made, axes, tuned) == [
        "Of 4 combinations that were tried, 3 are complete; of these, learning_rate=0.1 is the "
        "best: highest test error on the path (%) 3.00; the worst has 65.00."
    ]
    none = Tuned("objective", "min", dict.fromkeys("abcd", Unfinished(1, 4)))
    assert finding(made, axes, none) == []


def test_the_figure_has_a_dashed_line_for_what_is_not_complete(frame, trial):
    drawn = parallel.figure(rows(frame, trial, OF), AXES, STOPPED)
    dashed, ranked = drawn.axes[0].collections
    assert len(dashed.get_segments()) == 2
    assert len(ranked.get_segments()) == 1
    assert dashed.get_linestyle()[0][1] is not None
    assert ranked.get_linestyle()[0][1] is None
    plt.close(drawn)
