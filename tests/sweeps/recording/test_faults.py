"""What passes is waited for; what does not is told in a line, with a way out that helps."""

from __future__ import annotations

import errno
import io
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy.exc
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import TEMPORARILY_UNAVAILABLE
from recording_samples import SMALL, Recorded, measured
from rich.console import Console

from sweeps import tracking
from sweeps.display import outcome_text
from sweeps.errors import RecordingError
from sweeps.home import Home, resolve
from sweeps.recording import background, database, diagnosis, faults
from sweeps.recording.background import BackgroundRecorder
from sweeps.recording.recorder import Recorder
from sweeps.running.outcome import Outcome
from sweeps.running.progress import Tally
from trainables.store import Missing


def as_mlflow_raises(error: sqlite3.Error) -> MlflowException:
    """With the statement and its parameters in further lines."""
    try:
        try:
            raise sqlalchemy.exc.OperationalError("UPDATE runs\nSET x = ?", {}, error)
        except sqlalchemy.exc.OperationalError as wrapped:
            raise MlflowException(wrapped, TEMPORARILY_UNAVAILABLE) from wrapped
    except MlflowException as final:
        return final


def of_sqlite(home: Home, spoil: Callable[[sqlite3.Connection], object]) -> sqlite3.Error:
    """What SQLite itself raises when it reads the runs of a database in some state."""
    assert home.database is not None
    with closing(sqlite3.connect(home.database, isolation_level=None)) as connection:
        spoil(connection)
        other = sqlite3.connect(home.database, timeout=0)
        with closing(other), pytest.raises(sqlite3.Error) as raised:
            other.execute("DELETE FROM runs")
        return raised.value


def full(connection: sqlite3.Connection) -> None:
    """Of a disk: as large as it is, a database must not become larger."""
    connection.execute("PRAGMA max_page_count = 1")
    connection.execute("CREATE TABLE more AS SELECT randomblob(100000)")


def test_a_lock_passes(home: Home) -> None:
    error = as_mlflow_raises(of_sqlite(home, lambda c: c.execute("BEGIN EXCLUSIVE")))
    assert faults.passes(error, home)
    told = faults.explain(error, home)
    assert told.problem == f"another program kept {home.database} locked"
    assert told.again


def test_a_full_disk_passes(home: Home) -> None:
    assert home.database is not None
    connection = sqlite3.connect(home.database)
    with closing(connection), pytest.raises(sqlite3.OperationalError) as raised:
        full(connection)
    error = as_mlflow_raises(raised.value)
    assert faults.passes(error, home)
    told = faults.explain(error, home)
    assert str(told).startswith(f"cannot use {home.database}: database or disk is full; ")
    assert told.again


def test_files_that_cannot_be_written(home: Home) -> None:
    full = OSError(errno.ENOSPC, "No space left on device", "/a/spec.yaml")
    assert faults.passes(full, home)
    told = faults.explain(full, home)
    assert told.problem == "cannot write /a/spec.yaml: No space left on device"
    assert told.again
    denied = PermissionError(errno.EACCES, "Permission denied", "/a/spec.yaml")
    assert not faults.passes(denied, home)
    assert faults.explain(denied, home).problem == "cannot write /a/spec.yaml: Permission denied"


def test_damage_does_not_pass(home: Home) -> None:
    error = as_mlflow_raises(of_sqlite(home, lambda c: c.execute("DROP TABLE runs")))
    assert not faults.passes(error, home)
    told = faults.explain(error, home)
    assert str(told) == (
        f"{home.database} is damaged (no such table: runs); `sweeps records rebuild --home "
        f"{home.folder}` records everything again from the store"
    )
    assert not told.again, "the same command meets it again"


def test_a_server_that_is_away_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    home = resolve("x", tracking="http://127.0.0.1:9")
    error = MlflowException("API request failed\nwith much detail")
    assert faults.passes(error, home)
    told = faults.explain(error, home)
    assert told.problem == "no tracking server answers at http://127.0.0.1:9"
    assert told.again
    assert database.rebuild_command(home).endswith("--tracking http://127.0.0.1:9")
    monkeypatch.setattr(tracking, "answers", lambda address: True)
    assert not faults.passes(error, home)
    told = faults.explain(error, home)
    assert told.problem == "MLflow at http://127.0.0.1:9 failed (API request failed)"
    assert not told.again
    locked = MlflowException("database is locked", TEMPORARILY_UNAVAILABLE)
    assert faults.passes(locked, home), "of the server's own database"


def test_faults_of_this_program_are_not_told_as_mlflows(home: Home) -> None:
    with pytest.raises(KeyError), faults.told(home):
        raise KeyError("x")
    with pytest.raises(RecordingError, match="first line"), faults.told(home):
        raise MlflowException("first line\nsecond")


# --- a recorder in the background ---------------------------------------------------------


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "RETRY_SECONDS", (0.05, 0.05))
    monkeypatch.setattr(background, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(diagnosis, "BUSY_SECONDS", 0.05)


def begin(recorded: Recorded) -> BackgroundRecorder:
    """A writer of two trials that are measured."""
    plan, text = recorded.plan(*SMALL)
    writer = BackgroundRecorder(Recorder(recorded.home, plan, recorded.store), text, {})
    for trial in plan.trials:
        (job,) = trial.measurements
        recorded.measure(job, measured(job))
        writer.record(trial)
    return writer


def hold(recorded: Recorded) -> sqlite3.Connection:
    """Lock a home's database."""
    assert recorded.home.database is not None
    path = recorded.home.database
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN EXCLUSIVE")
    return connection


@pytest.mark.usefixtures("quick")
def test_results_wait_for_a_locked_database(recorded: Recorded) -> None:
    with closing(hold(recorded)) as lock:
        writer = begin(recorded)
        output = io.StringIO()
        console = Console(file=output, width=40)
        closing_ = threading.Thread(target=writer.close, args=(console, True))
        closing_.start()
        while not output.getvalue():
            closing_.join(0.05)
            assert closing_.is_alive()
        lock.execute("ROLLBACK")
        closing_.join()
    assert output.getvalue() == (
        f"waiting for the database {recorded.home.database}, which is locked or out of space\n"
    )
    found = recorded.read()
    assert len(found.trials) == 2
    assert found.submission.info.status == "FINISHED"


@pytest.mark.usefixtures("quick")
def test_a_database_that_stays_locked_is_given_up(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "PATIENCE", 0.2)
    with closing(hold(recorded)), pytest.raises(RecordingError) as raised:
        begin(recorded).close(Console(file=io.StringIO()), complete=True)
    assert raised.value.problem == f"another program kept {recorded.home.database} locked"
    assert raised.value.again


@pytest.mark.usefixtures("quick")
def test_a_database_that_is_damaged_meanwhile_is_told(recorded: Recorded) -> None:
    assert recorded.home.database is not None
    recorded.submit(*SMALL, trials=0)
    with closing(sqlite3.connect(recorded.home.database)) as connection:
        connection.execute("DROP TABLE metrics")
    with pytest.raises(RecordingError, match="metrics") as raised:
        begin(recorded).close(Console(file=io.StringIO()), complete=True)
    assert not raised.value.again


@pytest.mark.usefixtures("quick")
def test_a_restored_experiment_is_told_once(recorded: Recorded) -> None:
    recorded.submit(*SMALL, trials=1)
    found = recorded.read()
    client = database.client_of(recorded.home, write=True)
    client.delete_experiment(found.submission.info.experiment_id)
    output = io.StringIO()
    begin(recorded).close(Console(file=output, width=200), complete=True)
    assert output.getvalue() == (
        "restored the experiment 'digits-mlp', which was deleted in MLflow\n"
    )
    assert len(recorded.read().trials) == 2


@pytest.mark.usefixtures("quick")
def test_what_is_missing_in_the_store_is_not_mlflows_fault(recorded: Recorded) -> None:
    plan, text = recorded.plan(*SMALL)
    writer = BackgroundRecorder(Recorder(recorded.home, plan, recorded.store), text, {})
    writer.record(plan.trials[0])
    with pytest.raises(RecordingError) as raised:
        writer.close(Console(file=io.StringIO()), complete=True)
    assert isinstance(raised.value.__cause__, Missing)
    assert raised.value.problem.startswith("recording failed (instability ")


@pytest.mark.parametrize("again", [True, False])
def test_the_same_command_is_named_where_it_helps(again: bool) -> None:
    outcome = Outcome(Tally(jobs=0, trainings=0, reused=2), submission="x")
    outcome.recording_error = RecordingError("it is away", "the way out", again=again)
    lines = str(outcome_text(outcome, "sweeps run x", Path("log"))).splitlines()
    told = "the results are in the store, but not in MLflow: it is away; the way out"
    assert lines[1:] == [told, *["to go on from here: sweeps run x"] * again]
