"""What Unmasking's text says in numbers, and where it stands beside ours."""

from typing import Any

import pytest
from level_samples import MadeLevels, schedules

from analysis import level_tables
from analysis.published_unmasking import SAVING, SETTINGS, saving_of
from analysis.report import unmasking_table
from trainables.recipes import RECIPES


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_are_those_of_built_in_recipes(name: str) -> None:
    assert RECIPES[name].iterations == SETTINGS[name].iterations
    assert max(SETTINGS[name].rewinds) < SETTINGS[name].iterations


def test_eleven_levels_of_a_fifth_leave_nine_percent() -> None:
    """Section 2.2 says both; one level less leaves more."""
    assert round(100 * 0.8**SAVING.fixed) == SAVING.until_left < 100 * 0.8 ** (SAVING.fixed - 1)


def test_a_saving_is_of_one_recipe_and_sparsity() -> None:
    assert saving_of(SAVING.recipe, 9.0) is SAVING
    assert saving_of(SAVING.recipe, 5.0) is None
    assert saving_of("digits-mlp", 9.0) is None


def test_the_table_of_schedules_has_what_the_paper_has(trial: Any) -> None:
    ours = schedules(trial)
    (table,) = level_tables.tables(ours).values()
    assert "paper" not in table
    theirs = schedules(lambda *where, **what: trial(*where, **what) | {"recipe": SAVING.recipe})
    (table,) = level_tables.tables(theirs).values()
    assert table["paper"].tolist() == ["11 retrainings", "7 retrainings", "30 to 33 % of compute"]


def test_the_table_of_settings_has_both(trial: Any) -> None:
    total = {"digits": 1200}
    chain = MadeLevels(trial).chain([3.0, 3.0], {(0, 1): 0.0, (1, 2): 0.0, (0, 2): 0.0}, rewind=9)
    studies = [chain.study(iterations=total), schedules(trial, iterations=total)]
    found = unmasking_table.table(studies)
    assert found["recipe"].tolist() == [*SETTINGS, "digits"]
    ours = found.set_index("recipe").loc["digits"]
    assert ours.tolist() == ["here", "1200", "2", "9", "3", "fixed 11, adaptive 3, to 9 %", "65.6"]
    theirs = found.set_index("recipe").loc[SAVING.recipe]
    assert theirs.tolist() == [
        *("paper", "78125", "15", "0, 400, 3200", "4", "fixed 11, adaptive 7, to 9 %"),
        "30 to 33",
    ]


def test_without_ours_there_is_no_table(trial: Any) -> None:
    assert unmasking_table.table([]).empty
