"""A home with a trained sweep, its archives, and a home to bring them into."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from made_once import made_once
from plain_reports import draw_no_figures
from recording.conftest import empty_database as empty_database
from sharing_samples import FIRST, MORE, train, written

from sweeps.home import Home, resolve
from sweeps.recording import database


@pytest.fixture(autouse=True)
def created_quickly(
    empty_database: Path, without_figures: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New databases are copies of one that MLflow made."""
    monkeypatch.setattr(database, "_create", lambda path: shutil.copyfile(empty_database, path))


class Shared(NamedTuple):
    """A home with two submissions of four trials together, not to be changed; and archives."""

    home: Home
    keys: tuple[str, str]
    """Of the submissions."""
    first: Path
    """The archive, with weights, of the time when there was one submission."""
    archives: dict[bool, Path]
    """With weights -> the archive of both."""


@pytest.fixture(scope="session")
def shared(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Shared:
    def of(folder: Path) -> tuple[Home, Path, dict[bool, Path]]:
        archives = {weights: folder / f"weights-{weights}.zip" for weights in (False, True)}
        return resolve(str(folder / "home")), folder / "first.zip", archives

    def make(folder: Path) -> None:
        home, first, archives = of(folder)
        home.make()
        assert home.database is not None
        shutil.copyfile(empty_database, home.database)
        with pytest.MonkeyPatch.context() as patch:
            draw_no_figures(patch)
            keys = [train(home, *FIRST)]
            written(home, first, weights=True)
            keys.append(train(home, *MORE))
            for weights, path in archives.items():
                written(home, path, weights)
        (folder / "keys").write_text(" ".join(keys))

    folder = made_once(tmp_path_factory, "shared", make)
    home, first, archives = of(folder)
    one, other = (folder / "keys").read_text().split()
    return Shared(home, (one, other), first, archives)


@pytest.fixture
def trained(shared: Shared) -> Home:
    return shared.home


@pytest.fixture
def archives(shared: Shared) -> dict[bool, Path]:
    return shared.archives


@pytest.fixture
def other(tmp_path: Path) -> Home:
    """A home that is not there yet."""
    return resolve(str(tmp_path / "other"))
