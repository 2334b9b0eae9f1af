"""A tracking server that goes away in the midst of a sweep."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from analysis import records
from sweeps import tracking
from sweeps.errors import ClusterError
from sweeps.home import resolve
from sweeps.loading import load
from sweeps.plan import Trial, expand
from sweeps.recording import background, recorder
from sweeps.results import read
from trainables.jobs.execute import Executor
from trainables.store import Store

PATIENCE = 240.0


class Server:
    """`mlflow server` on one database, which can be ended and started again."""

    def __init__(self, folder: Path):
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "mlflow", "server", "--port", str(self.port)]
        command += ["--workers", "1", "--host", "127.0.0.1"]
        command += ["--backend-store-uri", f"sqlite:///{self.folder / 'mlflow.db'}"]
        command += ["--artifacts-destination", str(self.folder / "artifacts")]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        )
        deadline = time.monotonic() + PATIENCE
        while not tracking.answers(self.address):
            assert time.monotonic() < deadline
            assert self.process.poll() is None
            time.sleep(0.2)

    def end(self) -> None:
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    found = Server(tmp_path)
    yield found
    found.end()


@pytest.mark.slow  # a server that stays away: the next test
def test_results_wait_for_the_server_and_nothing_is_there_twice(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "RETRY_SECONDS", (0.2, 1.0))
    monkeypatch.setattr(background, "LOOK_SECONDS", 0.5)
    monkeypatch.setattr(background, "PATIENCE", 60.0)
    home = resolve(str(tmp_path / "home"), tracking=server.address)
    with pytest.raises(ClusterError, match="no MLflow tracking server answers"):
        tracking.check(home.tracking)
    short = ["recipe.length=40", "rewind=[0, 5]", "inits=1", "orders=3", "subnetworks=[dense]"]
    sweep, text = load("digits-mlp", short)
    plan, store = expand(sweep), Store(home.store)
    list(Executor(store, tmp_path, 1e9).run_batch(list(plan.jobs.values())))
    first, *rest = plan.trials

    server.start()
    one = recorder.Recorder(home, plan, store)
    cut_short(one, server)
    writer = background.BackgroundRecorder(one, text, {})
    writer.record(first)  # the server goes in the midst of it
    for trial in rest[:3]:
        writer.record(trial)
    deadline = time.monotonic() + PATIENCE
    while server.process is not None:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(1)
    server.start()
    for trial in rest[3:]:
        writer.record(trial)
    output = io.StringIO()
    writer.close(Console(file=output), complete=True)

    results = read(home, "digits-mlp")
    assert len(results.trials) == len(plan.trials)
    runs = results.client.search_runs([results.submission.info.experiment_id])
    keys = [run.data.tags.get(records.TRIAL_KEY, "submission") for run in runs]
    assert sorted(keys) == sorted(["submission", *(trial.key for trial in plan.trials)])
    for run in runs:
        assert run.info.status == "FINISHED"
    assert len(results.curves()) == len(plan.trials) * sweep.path_points
    assert results.text("no such file") is None


def cut_short(one: recorder.Recorder, server: Server) -> None:
    """The server dies when the first trial's run exists, but has no metrics yet."""
    record, died = one.record, []

    def record_or_die(trial: Trial) -> None:
        batch = one._client.log_batch

        def die(*arguments: object, **options: object) -> None:
            one._client.log_batch = batch
            died.append(trial)
            server.end()
            batch(*arguments, **options)

        if not died:
            one._client.log_batch = die
        record(trial)

    one.record = record_or_die  # type: ignore[method-assign]


def test_a_server_that_stays_away_is_given_up(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "RETRY_SECONDS", (0.1, 0.2))
    monkeypatch.setattr(background, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(background, "PATIENCE", 0.5)
    home = resolve(str(tmp_path / "home"), tracking=server.address)
    sweep, text = load("digits-mlp", ["recipe.length=40", "rewind=[0]", "subnetworks=[dense]"])
    plan = expand(sweep)
    one = recorder.Recorder(home, plan, Store(home.store))
    writer = background.BackgroundRecorder(one, text, {})
    output = io.StringIO()
    with pytest.raises(Exception, match=str(server.port)):
        writer.close(Console(file=output, width=200), complete=True)
    assert output.getvalue() == f"waiting for the tracking server at {server.address}\n"
