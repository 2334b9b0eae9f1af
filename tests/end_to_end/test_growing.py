"""Sweeps whose plans grow: killed in their midst, and beside each other, they end in one place."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest
from harness import Sweep, finish, lose_worker_and_driver

GROWING = (
    "digits-mlp",
    *("--set", "recipe={base: digits-mlp, length: 200}"),
    *("--set", "rewind={find: stable, between: [0, 40], within: 30 %}"),
    *("--set", "inits=2"),
    *("--set", "orders=2"),
    *("--set", "subnetworks=[dense, {strategy: imp-adaptive, until_left: 40 %, rewind: [0, 20]}]"),
    *("--checkpoint-seconds", "0.1"),
    *("--workers", "2"),
)


def growing(home: Path, store: Path | None = None) -> Sweep:
    return Sweep(home, *GROWING, *([] if store is None else ["--store", str(store)]))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    sweep = growing(tmp_path_factory.mktemp("undisturbed") / "home")
    status, output = sweep.run()
    assert status == 0, output
    return sweep


def test_a_run_grows_until_it_is_complete(undisturbed: Sweep) -> None:
    trials = undisturbed.trials("digits-mlp")
    dense = trials[trials["strategy"] == "dense"]
    assert dense["rewind"].nunique() > 2  # more than both ends of the search
    for _, line in trials[trials["strategy"] == "imp-adaptive"].groupby(["init_seed", "rewind"]):
        left = line.sort_values("level")["weights_left"].tolist()
        assert left[-1] <= 40
        assert all(one > 40 for one in left[:-1])
    status, output = undisturbed.run()
    assert status == 0
    assert "nothing to do" in output


@pytest.mark.slow
def test_a_plan_that_lost_driver_and_worker_ends_where_it_would_have(
    undisturbed: Sweep, tmp_path: Path
) -> None:
    sweep = growing(tmp_path / "home")
    lose_worker_and_driver(sweep, 10, len(undisturbed.artifacts()) // 2)
    status, output = sweep.run()
    assert status == 0, output
    assert sweep.artifacts() == undisturbed.artifacts()
    trials = [one.trials("digits-mlp") for one in (sweep, undisturbed)]
    pd.testing.assert_frame_equal(*trials)


@pytest.mark.slow
def test_two_drivers_on_one_store_grow_to_the_same_plan(undisturbed: Sweep, tmp_path: Path) -> None:
    store = tmp_path / "shared"
    sweeps = [growing(tmp_path / name / "home", store) for name in ("one", "two")]
    processes = [sweep.start() for sweep in sweeps]
    for process in processes:
        status, output = finish(process)
        assert status == 0, output
    expected = undisturbed.trials("digits-mlp")
    for sweep in sweeps:
        pd.testing.assert_frame_equal(sweep.trials("digits-mlp"), expected)
    os.rename(store, sweeps[0].home / "store")
    assert sweeps[0].artifacts() == undisturbed.artifacts()
