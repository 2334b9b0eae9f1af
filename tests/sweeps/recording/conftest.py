"""Homes with a database of their own, without the seconds that MLflow takes to make one."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from made_once import made_once
from recording_samples import TRAINED, Recorded

from sweeps.home import Home, resolve
from sweeps.recording import database, submissions
from sweeps.recording.recorder import Recorder
from trainables.jobs.execute import Executor


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as MLflow makes it, with nothing recorded."""

    def make(folder: Path) -> None:
        database.prepare(resolve(str(folder)))

    database_of_home = resolve(str(made_once(tmp_path_factory, "database", make))).database
    assert database_of_home is not None
    return database_of_home


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


@pytest.fixture(scope="session")
def trained_once(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a home with four trials of networks that were trained for 30 iterations."""

    def make(folder: Path) -> None:
        home = resolve(str(folder))
        assert home.database is not None
        shutil.copyfile(empty_database, home.database)
        recorded = Recorded(home)
        plan, text = recorded.plan(*TRAINED)
        list(Executor(recorded.store, home.data, 1e9).run_batch(list(plan.jobs.values())))
        submissions.save(recorded.store, plan, text)
        recorder = Recorder(home, plan, recorded.store)
        recorder.open(text, {})
        for trial in plan.trials:
            recorder.record(trial)
        recorder.close(complete=True)

    return made_once(tmp_path_factory, "trained", make)


@pytest.fixture
def trained(
    trained_once: Path, created_quickly: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Recorded:
    """A copy of the home with four trials of networks that were trained for 30 iterations."""
    folder = shutil.copytree(trained_once, tmp_path / "home", dirs_exist_ok=True)
    monkeypatch.setenv("SWEEPS_HOME", str(folder))
    return Recorded(resolve(str(folder)))
