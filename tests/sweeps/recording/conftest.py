"""Homes with a database of their own, without the seconds that MLflow takes to make one."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from recording_samples import Recorded

from sweeps.home import Home, resolve
from sweeps.recording import database


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
