"""A home's database: created whole, named by no folder, and read without a change."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sweeps.errors import RecordingError, UserError
from sweeps.home import Home, resolve
from sweeps.recording import database, diagnosis

ODD = ["a%20b", "%", "q?x", "h#x", "c::d", "s p", "s3:", "é日", "[x]*", "a&b=c+d", "x@y:z"]


def begin_run(home: Home, sweep: str = "some") -> Any:
    client = database.client_of(home, write=True)
    return client.create_run(database.experiment(client, home, sweep, print))


def text_of(home: Home) -> str:
    """Everything that is in a home's database."""
    assert home.database is not None
    with closing(sqlite3.connect(diagnosis.address(home.database, "ro"), uri=True)) as connection:
        return "\n".join(connection.iterdump())


def files_in(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Path -> time of change and content of every file."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


# --- where it lies ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ODD)
def test_any_path_is_a_home(
    name: str, make_home: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    home = make_home(tmp_path / name)
    run = begin_run(home)
    found = database.client_of(home, write=False).search_runs([run.info.experiment_id])
    assert [one.info.run_id for one in found] == [run.info.run_id]
    assert sorted(os.listdir(tmp_path)) == sorted([name, "elsewhere"])
    assert os.listdir() == [], "MLflow makes folders of addresses that it takes for paths"
    assert run.info.run_id in text_of(home), "it is in the home's file"


def test_no_row_names_a_folder(home: Home, empty_database: Path, tmp_path: Path) -> None:
    begin_run(home)
    assert str(tmp_path) not in text_of(home)
    assert str(empty_database.parent) not in text_of(home)
    assert os.getcwd() not in text_of(home)


def test_rows_of_earlier_versions_are_freed_of_their_folder(home: Home) -> None:
    """These wrote `file:///old%20place/mlartifacts/NAME/RUN/artifacts`."""
    run = begin_run(home)
    assert home.database is not None
    old = "file:///old%20place/mlartifacts"
    elsewhere = "s3://bucket/mlartifacts/1"
    with closing(sqlite3.connect(home.database)) as connection, connection:
        connection.execute(
            "UPDATE experiments SET artifact_location = ? || '/mlartifacts' WHERE name = 'some'",
            (old,),  # a sweep of that name
        )
        connection.execute(
            "UPDATE experiments SET artifact_location = 'file:///cwd/mlruns/0' "
            "WHERE experiment_id = 0"
        )
        connection.execute(
            "UPDATE runs SET artifact_uri = ? || '/mlartifacts/' || run_uuid || '/artifacts'",
            (old,),
        )
        connection.execute(
            "INSERT INTO experiments (name, artifact_location, lifecycle_stage, workspace) "
            "VALUES ('cloud', ?, 'active', 'default')",
            (elsewhere,),
        )
    client = database.client_of(home, write=True)
    assert client.get_run(run.info.run_id).info.artifact_uri == (
        f"mlflow-artifacts:/mlartifacts/{run.info.run_id}/artifacts"
    )
    places = {e.name: e.artifact_location for e in client.search_experiments()}
    assert places == {
        "Default": "mlflow-artifacts:/0",
        "some": "mlflow-artifacts:/mlartifacts",
        "cloud": elsewhere,
    }


def test_mlflows_server_is_told_where_the_files_are(
    make_home: Callable[[Path], Home], tmp_path: Path
) -> None:
    home = make_home(tmp_path / "a b")
    _, address, _, files = database.server_arguments(home)
    assert address == database.url(tmp_path / "a b" / "mlflow.db", "rw")
    assert files == f"file://{tmp_path}/a%20b/mlartifacts"


# --- creating -----------------------------------------------------------------------------


def test_several_that_start_at_once_share_a_new_database(tmp_path: Path) -> None:
    """Whatever a process left that died creating it, and wherever it lies."""
    home = resolve(str(tmp_path / "a%20b?c#d"))
    home.folder.mkdir()
    (home.folder / "mlflow.db").touch()
    (home.folder / "mlflow.db.new").write_bytes(b"half")
    (home.folder / "mlflow.db.new-journal").write_bytes(b"of it")
    begin = threading.Barrier(3)
    ids: list[str] = []

    def start(name: str) -> None:
        begin.wait()
        ids.append(begin_run(home, name).info.run_id)

    threads = [threading.Thread(target=start, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client = database.client_of(home, write=False)
    found = [e.experiment_id for e in client.search_experiments() if e.name != "Default"]
    assert len(ids) == len(client.search_runs(found)) == 3
    assert sorted(os.listdir(home.folder)) == ["mlflow.db", "mlflow.db.lock"]
    assert os.listdir(tmp_path) == [home.folder.name]


def test_a_database_appears_when_it_is_whole(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home.database is not None
    home.database.unlink()
    seen = []

    class Store:
        """Of MLflow: makes the tables, one after another."""

        def __init__(self, address: str, *_: str):
            seen.append((address, home.database and home.database.exists()))
            raise KeyboardInterrupt

    monkeypatch.setattr("mlflow.store.tracking.sqlalchemy_store.SqlAlchemyStore", Store)
    with pytest.raises(KeyboardInterrupt):
        database.prepare(home)
    assert seen == [(database.url(home.folder / "mlflow.db.new", "rwc"), False)]
    assert not home.database.exists()


# --- deleted in MLflow's interface --------------------------------------------------------


def test_a_deleted_experiment_is_restored(home: Home) -> None:
    run = begin_run(home)
    client = database.client_of(home, write=True)
    client.delete_experiment(run.info.experiment_id)
    told: list[str] = []
    assert database.experiment(client, home, "some", told.append) == run.info.experiment_id
    assert told == ["restored the experiment 'some', which was deleted in MLflow"]
    assert client.get_run(run.info.run_id).info.lifecycle_stage == "active"
    assert database.experiment(client, home, "some", told.append) == run.info.experiment_id
    assert len(told) == 1


@pytest.mark.parametrize("name", ["Default", "0", "a.", "x" * 100])
def test_any_name_of_a_spec_is_one_of_an_experiment(home: Home, name: str) -> None:
    run = begin_run(home, name)
    assert run.info.artifact_uri.startswith("mlflow-artifacts:/")
    client = database.client_of(home, write=False)
    found = client.get_experiment_by_name(name)
    assert found is not None
    assert found.experiment_id == run.info.experiment_id


# --- reading ------------------------------------------------------------------------------


def test_reading_changes_nothing(home: Home) -> None:
    run = begin_run(home)
    before = files_in(home.folder)
    client = database.client_of(home, write=False)
    assert len(client.search_runs([run.info.experiment_id])) == 1
    with pytest.raises(Exception, match="readonly"):
        client.set_tag(run.info.run_id, "a", "b")
    assert files_in(home.folder) == before


def test_reading_creates_nothing(tmp_path: Path) -> None:
    home = resolve(str(tmp_path / "home"))
    for _ in range(2):
        with pytest.raises(UserError, match="nothing is recorded in"):
            database.client_of(home, write=False)
        assert not home.folder.exists() or os.listdir(home.folder) == ["mlflow.db"]
        home.make()
        for name in ("reports", "logs", "locks"):
            (home.folder / name).rmdir()
        (home.folder / "mlflow.db").touch()  # as SQLite leaves one that was only opened


def half_written(home: Home, folder: Path) -> Home:
    """A copy of a home, taken in the midst of a transaction: as if its driver had been killed."""
    assert home.database is not None
    with closing(sqlite3.connect(home.database, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN")
        connection.execute("UPDATE experiments SET name = name || '-half'")
        connection.execute("CREATE TABLE large AS SELECT randomblob(1000000) AS x")
        shutil.copytree(home.folder, folder)
        connection.execute("ROLLBACK")
    assert (folder / "mlflow.db-journal").stat().st_size
    return resolve(str(folder))


def test_what_a_killed_driver_began_is_undone(home: Home, tmp_path: Path) -> None:
    begin_run(home)
    copy = half_written(home, tmp_path / "copy")
    names = {e.name for e in database.client_of(copy, write=False).search_experiments()}
    assert names == {"Default", "some"}


READ = """
import json, os, sys
from sweeps.errors import RecordingError
from sweeps.home import resolve
from sweeps.recording import database

def read(folder):
    client = database.client_of(resolve(folder), write=False)
    return sorted([e.name, len(client.search_runs([e.experiment_id]))]
                  for e in client.search_experiments())

def refused(folder):
    try:
        database.check(resolve(folder))
    except RecordingError as error:
        return str(error)

read(sys.argv[1])  # imports what the other user may not
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
print(json.dumps([[read(folder), refused(folder)] for folder in sys.argv[1:]]))
"""


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that other users may enter, which pytest's are not."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        yield folder
        for place in (folder, *folder.rglob("*")):
            place.chmod(0o700)


def test_a_user_who_may_not_write_can_read(make_home: Callable[[Path], Home], shared: Path) -> None:
    home = make_home(shared / "home")
    begin_run(home)
    half_written(home, shared / "copy")
    (shared / "scratch").mkdir()
    for place in (shared, *shared.rglob("*")):
        place.chmod(0o555 if place.is_dir() else 0o444)
    (shared / "scratch").chmod(0o777)
    before = files_in(shared / "home") | files_in(shared / "copy")
    done = subprocess.run(
        [sys.executable, "-c", READ, shared / "home", shared / "copy"],
        capture_output=True,
        text=True,
        env=os.environ | {"HOME": "/nonexistent", "TMPDIR": str(shared / "scratch")},
    )
    assert done.returncode == 0, done.stderr
    for place, (found, refused) in zip(("home", "copy"), json.loads(done.stdout), strict=True):
        assert found == [["Default", 0], ["some", 1]]
        assert refused.startswith(f"cannot write {shared}/{place}/mlflow.db: permission denied")
    assert files_in(shared / "home") | files_in(shared / "copy") == before
    assert os.listdir(shared / "scratch") == [], "copies are removed"


# --- of no use ----------------------------------------------------------------------------


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "in it").touch()


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200_000])


def overwritten(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(40_000)
        file.write(os.urandom(400_000))


def sql(*statements: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    return change


def foreign(path: Path) -> None:
    path.unlink()
    sql("CREATE TABLE photos (name TEXT)")(path)


BEGUN = (
    "INSERT INTO experiments (experiment_id, name, workspace) VALUES (7, 'x', 'default')",
    "INSERT INTO runs (run_uuid, experiment_id) VALUES ('x', 7)",
)

FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "folder": (a_folder, "is a folder, not a database"),
    "text": (lambda path: path.write_text("dear diary\n" * 99), "is not an SQLite database"),
    "short text": (lambda path: path.write_text("x"), "is not an SQLite database"),
    "cut short": (cut_short, "is damaged"),
    "overwritten": (overwritten, "is damaged"),
    "foreign": (foreign, "is an SQLite database, but not one of MLflow's"),
    "migrating": (sql("CREATE TABLE _alembic_tmp_runs (x INT)"), "was left half made"),
    "early migration": (
        sql("UPDATE alembic_version SET version_num = '451aebb31d03'"),
        "was left half made",
    ),
    "before migration": (sql("DROP TABLE alembic_version"), "was left half made"),
    "no runs": (sql("DROP TABLE runs"), "was left half made"),
    "newer": (
        sql("UPDATE alembic_version SET version_num = 'ffffffffffff'", *BEGUN),
        "was made by a newer version of MLflow than",
    ),
    "older": (
        sql("UPDATE alembic_version SET version_num = '451aebb31d03'", *BEGUN),
        "was made by an older version of MLflow than",
    ),
    "no metrics": (sql("DROP TABLE metrics", *BEGUN), "lacks the tables metrics"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_database_of_no_use_is_told_in_a_line_and_left_alone(home: Home, fault: str) -> None:
    spoil, words = FAULTS[fault]
    assert home.database is not None
    spoil(home.database)
    before = files_in(home.folder)
    for use in (
        lambda: database.check(home),
        lambda: database.client_of(home, write=True),
        lambda: database.client_of(home, write=False),
    ):
        with pytest.raises(RecordingError) as raised:
            use()
        line = str(raised.value)
        assert line.startswith(f"{home.database} {words}")
        assert line.endswith(
            f"; `sweeps records rebuild --home {home.folder}` records everything again from the "
            "store"
        )
        assert "\n" not in line
        assert not raised.value.again
    lock = f"{home.database}.lock"
    assert {p: f for p, f in files_in(home.folder).items() if p != lock} == before


def test_a_database_that_is_locked_is_not_damaged(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert home.database is not None
    monkeypatch.setattr(diagnosis, "BUSY_SECONDS", 0.1)
    with closing(sqlite3.connect(home.database, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        database.check(home)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            database.client_of(home, write=True)
    database.client_of(home, write=True)


def test_the_check_of_a_large_database_is_short(home: Home) -> None:
    """It looks for damage as long as it may, and takes what it did not see to be sound."""
    assert home.database is not None
    sql("CREATE TABLE large AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "LIMIT 200000) SELECT i FROM n")(home.database)  # fmt: skip
    looked = []
    with closing(diagnosis.connect(home.database, "ro")) as connection:
        connection.set_trace_callback(looked.append)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(diagnosis, "CHECK_SECONDS", -1)
            assert diagnosis._damage(connection) is None
    assert looked


def test_a_file_that_took_anothers_place_is_not_mistaken_for_it(
    home: Home, empty_database: Path
) -> None:
    run = begin_run(home)
    client = database.client_of(home, write=False)
    assert home.database is not None
    aside = database.set_aside(home.database)
    shutil.copyfile(empty_database, home.database)
    assert client.get_run(run.info.run_id), "its connections see the old file"
    new = database.client_of(home, write=False)
    assert {e.name for e in new.search_experiments()} == {"Default"}
    assert aside.name.startswith("mlflow.db.")
    assert aside.name.endswith(".damaged")


def test_the_way_out_names_what_is_not_usual(tmp_path: Path) -> None:
    home = resolve(str(tmp_path / "a b"), "s3://bucket/x", f"sqlite:///{tmp_path}/other.db")
    assert database.rebuild_command(home) == (
        f"sweeps records rebuild --home '{tmp_path}/a b' --store s3://bucket/x "
        f"--tracking sqlite:///{tmp_path}/other.db"
    )
