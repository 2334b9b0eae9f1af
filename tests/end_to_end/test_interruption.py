"""Killing workers and drivers: the same command goes on, and ends with the same bits."""

from __future__ import annotations

import shlex
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from harness import Sweep, finish, kill, wait_for

# Trainings of seconds, so that there is something to lose in the middle of one.
SMALL = (
    "digits-mlp",
    *("--set", "recipe.iterations=5000"),
    *("--set", "rewind=[0, 1000]"),
    *("--set", "inits=1"),
    *("--set", "orders=2"),
    *("--set", "subnetworks=[dense, {strategy: imp, levels: [1, 2]}]"),
    *("--checkpoint-seconds", "0.1"),
    *("--workers", "2"),
)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    sweep = Sweep(tmp_path_factory.mktemp("undisturbed") / "home", *SMALL)
    status, output = sweep.run()
    assert status == 0, output
    return sweep


def assert_same_results(sweep: Sweep, undisturbed: Sweep) -> None:
    assert sweep.artifacts() == undisturbed.artifacts()
    assert not sweep.checkpoints()
    pd.testing.assert_frame_equal(sweep.trials("digits-mlp"), undisturbed.trials("digits-mlp"))


def test_a_killed_worker_is_replaced(undisturbed: Sweep, tmp_path: Path) -> None:
    sweep = Sweep(tmp_path / "home", *SMALL)
    process = sweep.start()
    wait_for(lambda: sweep.checkpoints() and sweep.workers(), process)
    kill(sweep.workers()[0])
    status, output = finish(process)
    assert status == 0, output
    assert_same_results(sweep, undisturbed)


def after_start(sweep: Sweep) -> bool:
    return bool(sweep.workers())


def in_a_training(sweep: Sweep) -> bool:
    return bool(sweep.checkpoints())


def between_results(sweep: Sweep) -> bool:
    return sum(name.startswith("instability") for name in sweep.artifacts()) >= 2


@pytest.mark.parametrize(
    "moments",
    [
        [in_a_training],
        pytest.param([after_start, in_a_training, between_results], marks=pytest.mark.slow),
    ],
)
def test_a_killed_driver_is_resumed(
    undisturbed: Sweep, tmp_path: Path, moments: list[Callable[[Sweep], bool]]
) -> None:
    """`kill -9` of the same sweep's driver, at several points; each time it goes further."""
    sweep = Sweep(tmp_path / "home", *SMALL)
    for moment in moments:
        process = sweep.start()
        wait_for(lambda moment=moment: moment(sweep), process)
        time.sleep(0.5)
        kill(process.pid)
        process.communicate()
        _wait_until_gone(sweep)
    status, output = sweep.run()
    assert status == 0, output
    assert " reused" in output
    assert ", 0 reused" not in output
    assert_same_results(sweep, undisturbed)


@pytest.mark.slow
def test_ctrl_c_stops_cleanly(undisturbed: Sweep, tmp_path: Path) -> None:
    sweep = Sweep(tmp_path / "home", *SMALL)
    process = sweep.start()
    wait_for(lambda: in_a_training(sweep), process)
    kill(process.pid, signal.SIGINT)
    status, output = finish(process)
    assert status == 130, output
    assert "stopping: saving what is under way" in output
    again = output.partition("to go on from here: ")[2].splitlines()[0]
    assert shlex.split(again) == ["sweeps", "run", *SMALL], "what was typed, ready to paste"
    assert "Traceback" not in output
    assert sweep.checkpoints(), "the trainings under way were saved"
    _wait_until_gone(sweep)
    status, output = sweep.run()
    assert status == 0, output
    assert_same_results(sweep, undisturbed)


def test_a_second_driver_is_refused(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path / "home", *SMALL)
    process = sweep.start()
    wait_for(
        lambda: (sweep.home / "locks").exists() and list((sweep.home / "locks").iterdir()), process
    )
    time.sleep(1)
    status, output = sweep.run()
    kill(process.pid)
    process.communicate()
    assert status == 2
    assert output == f"sweeps: the sweep 'digits-mlp' is already running in {sweep.home}\n"


def test_a_failed_job_stops_only_what_needs_it(tmp_path: Path) -> None:
    """A learning rate that makes every weight NaN: nothing can be pruned by magnitude."""
    sweep = Sweep(
        tmp_path / "home",
        "digits-mlp",
        *(
            "--set",
            "recipe={base: digits-mlp, iterations: 60, milestones: [], learning_rate: 1e30}",
        ),
        *("--set", "rewind=[0]", "--set", "inits=1", "--set", "orders=2"),
        *("--set", "subnetworks=[dense, {strategy: imp, levels: [1]}]"),
    )
    status, output = sweep.run()
    assert status == 1
    assert "failed: prune init 1 k=0 to level 1: ValueError: cannot prune by magnitude" in output
    assert "3 jobs not done: an input failed" in output
    assert "to go on from here: sweeps run" in output
    assert "Traceback" not in output
    assert "Traceback" in (sweep.home / "logs" / "digits-mlp.log").read_text()
    trials = sweep.trials("digits-mlp")
    assert list(trials["strategy"]) == ["dense"]


def _wait_until_gone(sweep: Sweep) -> None:
    deadline = time.monotonic() + 60
    while sweep.workers():
        assert time.monotonic() < deadline, "workers outlived their driver"
        time.sleep(0.2)
