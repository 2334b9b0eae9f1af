"""Homes with a database of their own, without the seconds that MLflow takes to make one."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from recording_samples import TRAINED, Recorded

from sweeps.home import Home, resolve
from sweeps.recording import database, submissions
from sweeps.recording.recorder import Recorder
from trainables.jobs.execute import Executor


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as MLflow makes it, with nothing recorded."""
    home = resolve(str(tmp_path_factory.mktemp("database")))
    database.prepare(home)
    assert home.database is not None
    return home.database


@pytest.fixture
def make_home(empty_database: Path) -> Callable[[Path], Home]:
    """Make a home in a folder, with an empty database."""

    def make(folder: Path) -> Home:
        home = resolve(str(folder))
        home.make()
        assert home.database is not None
        shutil.copyfile(empty_database, home.database)
        return home

    return make


@pytest.fixture
def created_quickly(empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """New databases are copies of one that MLflow made."""
    monkeypatch.setattr(database, "_create", lambda path: shutil.copyfile(empty_database, path))


@pytest.fixture
def home(make_home: Callable[[Path], Home], tmp_path: Path) -> Home:
    return make_home(tmp_path / "home")


@pytest.fixture
def recorded(home: Home) -> Recorded:
    return Recorded(home)


@pytest.fixture
def trained(recorded: Recorded, created_quickly: None, monkeypatch: pytest.MonkeyPatch) -> Recorded:
    """A home with four trials of networks that were trained for 30 iterations."""
    plan, text = recorded.plan(*TRAINED)
    list(Executor(recorded.store, recorded.home.data, 1e9).run_batch(list(plan.jobs.values())))
    submissions.save(recorded.store, plan, text)
    recorder = Recorder(recorded.home, plan, recorded.store)
    recorder.open(text, {})
    for trial in plan.trials:
        recorder.record(trial)
    recorder.close(complete=True)
    monkeypatch.setenv("SWEEPS_HOME", str(recorded.home.folder))
    return recorded
