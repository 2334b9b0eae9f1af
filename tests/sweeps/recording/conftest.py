"""Homes with a database of their own, without the seconds that MLflow takes to make one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sweeps.home import Home, resolve
from sweeps.recording import database


@pytest.fixture(scope="session")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as MLflow makes it, with nothing recorded."""
    home = resolve(str(tmp_path_factory.mktemp("new")))
    database.prepare(home)
    assert home.database is not None
    return home.database


@pytest.fixture
def make_home(new_database: Path) -> Callable[[Path], Home]:
    """Make a home in a folder, with an empty database."""

    def make(folder: Path) -> Home:
        home = resolve(str(folder))
        home.make()
        assert home.database is not None
        shutil.copyfile(new_database, home.database)
        return home

    return make


@pytest.fixture
def home(make_home: Callable[[Path], Home], tmp_path: Path) -> Home:
    return make_home(tmp_path / "home")
