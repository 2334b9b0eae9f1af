"""Levels held against each other: barriers, verdicts, LCS-sets, schedules, in closed forms."""

import math
from dataclasses import replace

import level_samples
import pandas as pd
import pytest
from level_samples import EPS, MadeLevels

from analysis import level_tables, levels
from analysis.levels import BARRIER
from analysis.study import Study


@pytest.fixture
def made(trial):
    """Build a study of one chain, as `MadeLevels.chain`; with barriers unless told otherwise."""

    def study(errors, rises, *, barriers=True, **options):
        found = MadeLevels(trial).chain(errors, rises, **options).study()
        return found if barriers else replace(found, trials=found.trials.drop(columns=BARRIER))

    return study


def test_pairs_have_the_highest_error_and_the_barrier(made):
    """Errors 3 and 5, and 10 between them: the line is at 4 in the middle, so the barrier is 6."""
    pairs = levels.level_pairs(made([5.0], {(0, 1): 6.0}))
    assert list(pairs["highest"]) == pytest.approx([9.0, 10.0, 11.0])
    assert list(pairs["barrier"]) == pytest.approx([6.0] * 3)
    assert list(pairs["error"]) == pytest.approx([2.0, 3.0, 4.0])
    assert list(pairs["error_2"]) == pytest.approx([4.0, 5.0, 6.0])
    assert pairs["successive"].all()
    assert pairs["counts"].all()


def test_barriers_that_were_not_measured_come_from_the_path(made):
    rises = {(0, 1): 6.0, (0, 2): -1.0}
    measured, from_paths = (
        levels.level_pairs(made([5.0, 7.0], rises, barriers=known)) for known in (True, False)
    )
    assert list(from_paths["barrier"]) == pytest.approx(list(measured["barrier"]))
    assert set(from_paths["barrier"].round(9)) == {0.0, 6.0}


def test_a_barrier_is_not_an_instability():
    """Errors 20, 12, 10: the highest is 5 above the ends' mean, and nothing is above the line."""
    alpha, error = pd.Series([0.0, 0.5, 1.0]), pd.Series([20.0, 12.0, 10.0])
    assert levels.barrier(alpha, error) == 0
    assert levels.barrier(1 - alpha, error) == 0


def test_networks_that_guess_have_no_barrier(made):
    """Guessing among ten classes: the path is flat, which says nothing."""
    pairs = levels.level_pairs(made([90.0, 90.0], {(1, 2): 0.0}))
    assert not pairs["counts"].any()
    assert pairs["barrier"].isna().all()
    assert list(pairs["highest"]) == pytest.approx([89.0, 90.0, 91.0])
    (connected,) = levels.level_cells(pairs, EPS)["connected"]
    assert pd.isna(connected)


@pytest.mark.parametrize(("rise", "connected"), [(0.5, True), (1.0, False), (2.0, False)])
def test_connected_is_a_mean_barrier_below_eps(made, rise, connected):
    """Definition A.1: less than the deviation, not equal to it."""
    study = made([3.0], {(0, 1): rise})
    assert levels.eps_of(study) == pytest.approx(EPS)
    (cell,) = levels.level_cells(levels.level_pairs(study), EPS).itertuples()
    assert cell.connected == connected
    assert (cell.barrier, cell.barrier_std) == pytest.approx((rise, 0.0))
    assert (cell.highest, cell.highest_std) == pytest.approx((3 + rise, 1.0))
    assert (cell.n, cell.measured) == (3, 3)


def test_without_a_deviation_nothing_is_connected_or_apart(made):
    pairs = levels.level_pairs(made([3.0], {(0, 1): 0.0}))
    (connected,) = levels.level_cells(pairs, math.nan)["connected"]
    assert pd.isna(connected)


def test_intervals_are_of_inits_and_borderline_holds_eps(made):
    pairs = levels.level_pairs(made([3.0], {(0, 1): 0.5}))
    pairs["barrier"] = [0.2, 0.5, 0.8]
    (cell,) = levels.level_cells(pairs, EPS).itertuples()
    half = 4.302653 * 0.3 / math.sqrt(3)  # Student's t with 2 degrees of freedom
    assert (cell.barrier_low, cell.barrier_high) == pytest.approx((0.0, 0.5 + half))
    assert cell.borderline


def test_the_count_is_of_successive_pairs_alone(made):
    """Level 2 does not match, and level 0 matches itself."""
    rises = {(0, 1): 0.0, (1, 2): 3.0, (0, 2): 0.0, (2, 3): 0.0, (3, 4): 5.0}
    judged = levels.judged_pairs(made([3.5, 9.0, 3.0, 4.0], rises)).set_index(["level", "level_2"])
    both = judged.index[judged["both_matching"]]
    assert set(both) == {(0, 1), (3, 4)}
    found = levels.agreement(judged.reset_index())
    assert found == (1, 1, 1, 1)
    assert (found.agree, found.total) == (2, 4)


def test_the_perturbed_dense_network_is_not_counted(made):
    judged = levels.judged_pairs(made([3.0], {(0, 1): 0.0}, strategy="perturbed"))
    assert list(judged["connected"]) == [True]
    assert levels.agreement(judged).total == 0


def test_lcs_sets_are_of_lower_errors_that_are_connected(made):
    """Level 2 is 2 points worse than level 1: level 1 is in its set, and not the other way."""
    rises = {(0, 1): 0.0, (1, 2): 0.0, (0, 2): 4.0}
    sets = levels.lcs_sets(made([3.0, 5.0], rises)).set_index(["level", "other"])
    assert set(sets.index[sets["inside"]]) == {(0, 1), (1, 0), (2, 1)}
    assert len(sets) == 6
    assert sets.loc[(2, 0), "near"]
    assert not sets.loc[(0, 2), "near"]


def test_a_sweep_without_pairs_of_levels_has_empty_frames(trial, frame):
    study = Study("made", frame(*(trial(init=init) for init in (1, 2))))
    assert levels.level_pairs(study).empty
    assert levels.judged_pairs(study).empty
    assert levels.lcs_sets(study).empty
    assert levels.level_networks(study).empty
    assert levels.agreement(levels.judged_pairs(study)).total == 0
    assert levels.adaptive_table(study).empty
    assert levels.adaptive_means(levels.adaptive_table(study)).empty


@pytest.fixture
def both(trial):
    """Both schedules from k = 200 of T = 1200; adaptive pruning leaves 60, 30, 8 %."""
    return level_samples.schedules(trial, iterations={"digits": 1200})


def test_schedules_count_what_was_trained(both):
    """T of the dense network, and T - k of each level."""
    found = levels.schedules(both).set_index(["strategy", "init_seed", "level"])
    assert found.loc[("imp-adaptive", 1, 0), "iterations"] == 1200
    assert found.loc[("imp", 2, 11), "iterations"] == 1200 + 11 * 1000
    assert found.loc[("imp", 1, 0), "weights_left"] == 100


def test_savings_are_at_the_first_level_with_few_enough_weights(both):
    table = levels.adaptive_table(both)
    assert list(table["retrainings_fixed"]) == [11, 11]
    assert list(table["retrainings_adaptive"]) == [3, 3]
    assert list(table["retrainings_saved"]) == pytest.approx([100 * 8 / 11] * 2)
    assert list(table["compute_saved"]) == pytest.approx([100 * (1 - 4200 / 12200)] * 2)
    assert list(table["error_difference"]) == pytest.approx([0.5, 1.0])
    (mean,) = levels.adaptive_means(table).itertuples()
    half = 12.706205 * math.sqrt(0.125) / math.sqrt(2)  # Student's t, 1 degree of freedom
    assert mean.error_difference == pytest.approx(0.75)
    assert mean.error_difference_high == pytest.approx(0.75 + half)
    assert mean.n == 2


def test_a_schedule_that_does_not_get_there_saves_nothing(both):
    table = levels.adaptive_table(both, until=7.5)
    assert list(table["retrainings_fixed"]) == [12, 12]
    assert table[["retrainings_adaptive", "compute_saved"]].isna().all(axis=None)
    (mean,) = levels.adaptive_means(table).itertuples()
    assert (mean.n, mean.inits) == (0, 2)
    assert math.isnan(mean.retrainings_saved)


def test_compute_is_unknown_without_iterations(both):
    table = levels.adaptive_table(replace(both, iterations={}))
    assert table["compute_saved"].isna().all()
    assert table["retrainings_saved"].notna().all()


def test_tables_are_per_k_and_say_what_is_connected(made):
    study = made([3.5, 9.0], {(0, 1): 0.0, (1, 2): 3.0, (0, 2): 0.0})
    ((caption, table),) = level_tables.tables(study).items()
    assert "k = 0" in caption
    assert "ε = 1.00" in caption
    assert table["levels"].tolist() == ["0–1", "1–2"]
    assert table["barrier"].tolist() == ["0.00 ± 0.00", "3.00 ± 0.00"]
    assert table["connected"].tolist() == ["yes", "no"]
    assert table["both matching"].tolist() == ["yes", "no"]
    (finding,) = level_tables.findings(study)
    assert finding.startswith(
        "Of 2 pairs of successive IMP levels 1 match at both levels, and 1 of these is connected; "
        "none of the other 1 is connected."
    )


def test_the_table_of_schedules_says_what_is_saved(both):
    ((caption, table),) = level_tables.tables(both).items()
    assert "at most 9 %" in caption
    assert table["schedule"].tolist() == ["fixed", "adaptive", "saved"]
    assert table["retrainings"].tolist() == ["11.0 ± 0.0", "3.0 ± 0.0", "72.7 %"]
    assert table["iterations"].tolist() == ["12200.0 ± 0.0", "4200.0 ± 0.0", "65.6 %"]
    (finding,) = level_tables.findings(both)
    assert "saves 72.7 % of retrainings and 65.6 % of compute" in finding


def test_other_sweeps_have_no_such_tables(study):
    plain = Study("plain", study)
    assert level_tables.tables(plain) == {}
    assert level_tables.findings(plain) == []
