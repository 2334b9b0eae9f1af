"""Killing workers and drivers: the same command goes on, and ends with the same bits."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pandas as pd
import pytest
from harness import Sweep, finish, kill, wait_for

from sweeps.running.losses import MAX_LOSSES
from sweeps.running.scratch import PREFIX
from trainables.jobs.report import REPORT_SECONDS

# Trainings of seconds, so that there is something to lose in the middle of one.
SMALL = (
    "digits-mlp",
    *("--set", "recipe.iterations=5000"),
    *("--set", "rewind=[0, 1000]"),
    *("--set", "inits=1"),
    *("--set", "orders=2"),
    *("--set", "subnetworks=[dense, {strategy: imp, levels: [1, 2]}]"),
    *("--set", "evaluate.every=10 %"),
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
    curves = [learning_curves(one) for one in (sweep, undisturbed)]
    pd.testing.assert_frame_equal(*curves)
    # W_1000, at 0, 500 and 1000; and six copies from 0 and from 1000 each, up to 5000.
    assert list(curves[0].groupby("training").size()) == [3, *[11] * 6, *[9] * 6]


def learning_curves(sweep: Sweep) -> pd.DataFrame:
    result = sweep.command("results", "digits-mlp", "--learning-curves")
    assert result.returncode == 0, result.stderr
    return pd.read_csv(io.StringIO(result.stdout))


@pytest.mark.slow  # in the midst of a run: test_growing.py
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


def shows_points(sweep: Sweep) -> bool:
    """Whether MLflow has points of a learning curve that goes on."""
    if not sweep.checkpoints():
        return False
    with closing(sqlite3.connect(f"file:{sweep.home / 'mlflow.db'}?mode=ro", uri=True)) as opened:
        (found,) = opened.execute(
            "SELECT count(*) FROM runs JOIN metrics USING (run_uuid) "
            "WHERE metrics.key = 'error_test' AND runs.status = 'RUNNING'"
        ).fetchone()
    return bool(found)


def between_results(sweep: Sweep) -> bool:
    return sum(name.startswith("instability") for name in sweep.artifacts()) >= 2


@pytest.mark.slow  # one kill of a driver, in the midst of a run: test_growing.py
@pytest.mark.parametrize("moments", [[shows_points], [after_start, in_a_training, between_results]])
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
    assert not list((sweep.home / "store").rglob("*.partial-*"))
    assert not list(Path(tempfile.gettempdir()).glob(f"{PREFIX}*-{process.pid}-*"))


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
    said = f"sweeps: the sweep 'digits-mlp' is already running in {sweep.home}: "
    assert output.startswith(said)
    assert output.count("\n") == 1


DIVERGING = (
    "digits-mlp",
    *("--set", "recipe={base: digits-mlp, iterations: 60, milestones: [], learning_rate: 1e30}"),
    *("--set", "rewind=[0]", "--set", "inits=1", "--set", "orders=2"),
    *("--set", "subnetworks=[dense, {strategy: imp, levels: [1]}]"),
)
"""A learning rate that makes every weight NaN: nothing can be pruned by magnitude."""


def test_a_training_that_diverges_stops_only_what_needs_its_weights(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path / "home", *DIVERGING)
    status, output = sweep.run()
    assert status == 1
    diverged = "train init 1 k=0 dense order 1 diverged"
    assert f"not done: prune init 1 k=0 to level 1: {diverged}" in output
    assert "1 trial cannot be measured: pruning needs trained weights" in output
    assert "2 diverged" in output
    assert "to go on from here" not in output
    assert "Traceback" not in output
    assert not (sweep.home / "logs" / "digits-mlp.log").exists()
    trials = sweep.trials("digits-mlp")
    assert list(trials["strategy"]) == ["dense"]


@pytest.mark.slow
def test_a_run_may_stop_where_a_training_diverges(tmp_path: Path) -> None:
    """It does so again where the store has the training already."""
    sweep = Sweep(tmp_path / "home", *DIVERGING, "--set", "on_divergence=stop")
    for _ in range(2):
        status, output = sweep.run()
        assert status == 1
        assert re.search(r"stopped: train .* diverged \(on_divergence: stop\)", output)
        assert "Traceback" not in output


# --- stores -----------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 600 kB, which holds a few trainings."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs root and the right to mount a file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.slow
def test_a_full_store_stops_a_run_which_goes_on_when_there_is_room(
    undisturbed: Sweep, small_disk: Path, tmp_path: Path
) -> None:
    """No job is blamed for it, and nothing half-written stays."""
    store = small_disk / "store"
    sweep = Sweep(tmp_path / "home", *SMALL, "--store", str(store))
    status, output = sweep.run()
    assert status == 1, output
    assert f"stopped: the store {store} is full: No space left on device; free space" in output
    assert "to go on from here: sweeps run" in output
    assert "failed" not in output
    assert not list(store.rglob("*.partial-*"))
    assert not [file for file in (store / "leases").rglob("*") if file.is_file()]

    subprocess.run(["mount", "-o", "remount,size=50m", str(small_disk)], check=True)
    status, output = sweep.run()
    assert status == 0, output
    assert ", 0 reused" not in output
    (sweep.home / "store").symlink_to(store)
    assert_same_results(sweep, undisturbed)


@pytest.mark.slow
def test_a_worker_that_is_killed_again_and_again_finishes_its_training(
    tmp_path: Path,
) -> None:
    """More often than a job may lose its worker at one place."""
    sweep = Sweep(
        tmp_path / "home",
        "digits-mlp",
        *("--set", "recipe.iterations=300000", "--set", "rewind=[0]", "--set", "inits=1"),
        *("--set", "orders=2", "--set", "subnetworks=[dense]", "--set", "recipe.backend=loop"),
        *("--checkpoint-seconds", "0.1", "--workers", "1"),
    )
    process = sweep.start()
    seen = 0

    def further() -> bool:
        nonlocal seen
        with suppress(OSError, ValueError, IndexError):  # it may be replaced just now
            iteration = json.loads(sweep.checkpoints()[0].read_text())["iteration"]
            if iteration > seen + 1000 and sweep.workers():
                seen = iteration
                return True
        return False

    for _ in range(MAX_LOSSES + 2):
        wait_for(further, process)
        time.sleep(1.5 * REPORT_SECONDS)  # the driver knows of progress that was reported
        kill(sweep.workers()[0])
    status, output = finish(process)
    assert status == 0, output


def _wait_until_gone(sweep: Sweep) -> None:
    deadline = time.monotonic() + 60
    while sweep.workers():
        assert time.monotonic() < deadline, "workers outlived their driver"
        time.sleep(0.2)
