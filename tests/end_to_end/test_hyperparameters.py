"""Hyperparameters that vary, a budget that is spent, and a search that is killed in its midst."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from harness import Sweep, lose_worker_and_driver

SMALL = (
    "digits-mlp",
    *("--set", "recipe={base: digits-mlp, length: 200}"),
    *("--set", "rewind=[0, 10 %]"),
    *("--set", "inits=1"),
    *("--set", "orders=2"),
    *("--set", "subnetworks=[dense]"),
    *("--checkpoint-seconds", "0.1"),
    *("--workers", "2"),
)
GRID = ("--set", "vary={learning_rate: [0.1, 0.3], batch_size: [16, 64]}")
SEARCH = ("--set", "search={trials: 14, over: {learning_rate: {log: [0.01, 1]}}}")


@pytest.mark.slow
def test_a_grid_goes_on_after_its_budget_and_shares_with_single_recipes(tmp_path: Path) -> None:
    home = tmp_path / "home"
    alone = ("--set", "recipe.learning_rate=0.3", "--set", "recipe.batch_size=64")
    status, output = Sweep(home, *SMALL, *GRID, "--budget", "0.001 min").run()
    assert status == 4, output
    assert "the budget of 0 s does not reach for the next jobs" in output
    grid = Sweep(home, *SMALL, *GRID, "--budget", "4 h")
    status, output = grid.run()
    assert status == 0, output
    assert "learning_rate  batch_size  strategy" in output  # a column for each
    found = grid.trials("digits-mlp")
    columns = ["recipe.learning_rate", "recipe.batch_size", "rewind"]
    assert len(found) == len(found[columns].drop_duplicates()) == 8
    again = Sweep(tmp_path / "other" / "home", *SMALL, *alone, "--store", str(home / "store"))
    status, output = again.run()
    assert status == 0
    assert "nothing to do" in output


@pytest.mark.slow
def test_a_search_that_lost_driver_and_worker_proposes_the_same(tmp_path: Path) -> None:
    undisturbed, sweep = (Sweep(tmp_path / name / "home", *SMALL, *SEARCH) for name in "ab")
    status, output = undisturbed.run()
    assert status == 0, output
    assert "14 combinations that were tried" in output
    lose_worker_and_driver(sweep, 8, len(undisturbed.artifacts()) // 2)
    status, output = sweep.run()
    assert status == 0, output
    assert sweep.artifacts() == undisturbed.artifacts()
    pd.testing.assert_frame_equal(sweep.trials("digits-mlp"), undisturbed.trials("digits-mlp"))
