"""Databases and tracking servers of no use."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sweeps.doctor import records
from sweeps.home import resolve


def test_mlflow_makes_a_database_and_leaves_nothing(tmp_path: Path) -> None:
    found = records.check(resolve(str(tmp_path / "home")), quick=False)
    assert found.state == "fine", found.words
    assert not list(tmp_path.iterdir())


def test_a_disk_on_which_no_database_can_be(read_only: Path, small_disk: Path) -> None:
    (small_disk / "much").write_bytes(bytes(900_000))
    for folder, why in ((read_only, "Read-only file system"), (small_disk, "full")):
        found = records.check(resolve(str(folder)), quick=False)
        assert found.state == "stop"
        assert why in found.words
    assert [one.name for one in small_disk.iterdir()] == ["much"]


def test_a_database_of_another_program(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as other:
        other.execute("CREATE TABLE other (name)")
    found = records.check(resolve(str(tmp_path)), quick=True)
    assert found.state == "stop"
    assert "is an SQLite database, but not one of MLflow's" in found.words


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"no database" * 100)
    found = records.check(resolve(str(tmp_path)), quick=True)
    assert (found.state, "is not an SQLite database" in found.words) == ("stop", True)


def test_a_server_that_is_away(closed: str) -> None:
    found = records.server(closed)
    assert found.state == "stop"
    assert found.words.startswith(f"no MLflow tracking server answers at {closed}: start it, ")


def test_an_address_that_is_none() -> None:
    assert records.server("mlflow.db").state == "stop"


def test_servers_of_other_programs(answering: Callable[..., str]) -> None:
    for address in (answering(200, "<html>"), answering(404, "{}"), answering(403, "{}")):
        assert records.server(address).state == "stop"
    assert records.server(answering(200, '{"experiments": []}')).state == "fine"
