"""What options and variables say of where state lives."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sweeps import tracking
from sweeps.errors import UserError
from sweeps.home import resolve

VARIABLES = ("SWEEPS_HOME", "SWEEPS_STORE", "SWEEPS_TRACKING", "SWEEPS_DATA")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_everything_lies_in_the_home(tmp_path: Path) -> None:
    home = resolve()
    assert home.folder == tmp_path / ".sweeps"
    assert home.store == f"{tmp_path}/.sweeps/store"
    assert home.data == tmp_path / ".sweeps" / "data"
    assert home.database == tmp_path / ".sweeps" / "mlflow.db"
    assert home.artifacts == tmp_path / ".sweeps" / "mlartifacts"
    assert not home.folder.exists()


@pytest.mark.parametrize("name", ["a%20b", "q?x", "h#x", "c::d", "s p", "é", "s3:/x", ".x", "[x]"])
def test_a_path_is_taken_as_it_is(tmp_path: Path, name: str) -> None:
    home = resolve(name, f"{name}/s", data=f"{name}/d")
    assert home.folder == tmp_path / name
    assert (home.store, str(home.data)) == (f"{tmp_path}/{name}/s", f"{tmp_path}/{name}/d")
    home.make()
    assert (tmp_path / name / "locks").is_dir()


@pytest.mark.parametrize("by", ["option", "variable"])
def test_the_users_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    given = ["~/h", "~/s", "sqlite:///~/r.db", "~/d"]
    if by == "variable":
        for name, value in zip(VARIABLES, given, strict=True):
            monkeypatch.setenv(name, value)
        home = resolve()
    else:
        home = resolve(*given)
    me = tmp_path / "me"
    assert (home.folder, home.store, home.data) == (me / "h", f"{me}/s", me / "d")
    assert home.database == me / "r.db"


def test_urls_of_stores_stay() -> None:
    assert resolve(store="s3://bucket/a%20b").store == "s3://bucket/a%20b"


@pytest.mark.parametrize(
    ("address", "database"),
    [
        ("sqlite:///x.db", "x.db"),
        ("sqlite:////abs/x y.db", "/abs/x y.db"),
        ("sqlite:///x.db?timeout=9", None),
        ("sqlite:///a%20b.db", None),
        ("http://host:5000", None),
        ("postgresql://user@host/records", None),
    ],
)
def test_the_database_of_an_address(tmp_path: Path, address: str, database: str | None) -> None:
    home = resolve(tracking=address)
    assert home.database == (database and tmp_path / database)
    if database is None:
        assert home.tracking == address
        assert home.artifacts is None


WRONG = [
    ({"folder": ""}, "--home is empty"),
    ({"store": ""}, "--store is empty"),
    ({"data": ""}, "--data is empty"),
    ({"tracking": ""}, "--tracking is empty"),
    ({"folder": "s3://x"}, "--home s3://x: must be a folder of this machine, not a URL; --store"),
    ({"data": "gs://x/y"}, "--data gs://x/y: must be a folder of this machine, not a URL"),
    ({"store": "://"}, "--store: '://' is neither a path nor a URL"),
    ({"folder": "~nobody-has-this/x"}, "--home ~nobody-has-this/x: ~nobody-has-this is nobody's"),
]


@pytest.mark.parametrize(("options", "line"), WRONG)
def test_slips_are_told_in_a_line(options: dict[str, str], line: str) -> None:
    with pytest.raises(UserError) as raised:
        resolve(**options)
    assert str(raised.value).startswith(line)
    assert "\n" not in str(raised.value)
    assert os.listdir() == []


def test_a_variable_is_blamed_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWEEPS_HOME", "https://x")
    with pytest.raises(UserError, match="SWEEPS_HOME https://x: must be a folder"):
        resolve()
    monkeypatch.setenv("SWEEPS_HOME", "")
    assert resolve().folder.name == ".sweeps", "empty is not set"


def test_a_current_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(UserError, match="the current folder is gone"):
        resolve()
    assert resolve(str(tmp_path)).folder == tmp_path
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("place", ["file", "file/home", "home"])
def test_a_home_that_cannot_be_one(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "logs").touch()
    at = "home/logs" if place == "home" else "file"
    with pytest.raises(UserError) as raised:
        resolve(place).make()
    assert str(raised.value) == f"cannot use the home {tmp_path}/{place}: {tmp_path}/{at} is a file"


def test_a_home_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = resolve("home")
    home.make()
    reports = str(home.folder / "reports")
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != reports)
    with pytest.raises(UserError, match="/home/reports is not writable"):
        home.make()


def test_a_sweep_has_one_driver_in_a_home() -> None:
    home = resolve("home")
    home.make()
    again = pytest.raises(UserError, match="the sweep 'a' is already running in")
    with home.only_driver("a"), home.only_driver("b"), again, home.only_driver("a"):
        pass
    with home.only_driver("a"):
        pass
    home.lock("c").mkdir()
    with pytest.raises(UserError, match="cannot lock"), home.only_driver("c"):
        pass


@pytest.mark.parametrize(
    "address",
    ["ftp://x", "file:///x", "/x", "mlruns", "sqlite://", "sqlite:///", "sqlite:///:memory:",
     "http://", "://", "x+y+z://a", "http"],
)  # fmt: skip
def test_what_is_no_tracking_address(address: str) -> None:
    with pytest.raises(UserError, match="must be a server, http://HOST:PORT, or a database such"):
        tracking.check(address)


@pytest.mark.parametrize("address", ["postgresql+psycopg2://u@h/d", "mysql://h/d"])
def test_a_database_whose_driver_is_not_installed(address: str) -> None:
    with pytest.raises(UserError, match="No module named"):
        tracking.check(address)


@pytest.mark.parametrize("address", ["sqlite:///x.db", "databricks"])
def test_what_is_a_tracking_address(address: str) -> None:
    tracking.check(address)
