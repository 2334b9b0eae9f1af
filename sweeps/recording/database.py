"""The MLflow client of a home, and the SQLite file that its records lie in.

MLflow would create the file, write the folder's name into every row, and stop at the first fault.
Here the file is created whole or not at all, its rows name no folder, and faults are told in a
line. Nothing in a home then depends on where it lies.
"""

from __future__ import annotations

import atexit
import logging
import os
import shlex
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlparse

from sweeps.errors import RecordingError, UserError
from sweeps.home import Home
from sweeps.recording import diagnosis
from sweeps.recording.diagnosis import Mode

if TYPE_CHECKING:
    import filelock
    from mlflow import MlflowClient

RELATIVE = "mlflow-artifacts:/"
"""How rows name files: MLflow's server looks for them below its `--artifacts-destination`."""

LOCK_SECONDS = 120.0
"""How long another process may take to set up a database."""

SIDE_FILES = ("", "-journal", "-wal", "-shm")
"""A database, and the endings of what SQLite keeps beside it."""


def client_of(home: Home, *, write: bool) -> MlflowClient:
    """Return a client of a home's records, or of the server that keeps them.

    To write, a database is created where there is none, and rows of earlier versions, which name
    the folder that the home lay in, are mended. Reading changes nothing and needs no right to.
    Raises RecordingError if a database is of no use; sqlite3.OperationalError while it is locked.
    """
    from mlflow import MlflowClient

    _silence()
    path = home.database
    if path is None:
        return MlflowClient(home.tracking)
    if write:
        prepare(home)
        return MlflowClient(url(path, "rw"))
    require(home)
    return MlflowClient(url(_readable(home, path), "ro"))


def require(home: Home) -> None:
    """Raise UserError if nothing is recorded: reading must not create a database."""
    if home.database is None or not diagnosis.blank(home.database):
        return
    way_out = "run a sweep first"
    if Path(home.store).is_dir():
        way_out += f", or record what is in its store: {rebuild_command(home)}"
    raise UserError(f"nothing is recorded in {home.folder}: {way_out}")


def check(home: Home) -> None:
    """Raise RecordingError if a home's database is certain to be of no use for writing."""
    path = home.database
    if path is None or diagnosis.blank(path):
        return
    if not os.access(path, os.W_OK):
        raise cannot(home, f"write {path}", "permission denied")
    try:
        problem = diagnosis.problem(path, "rw")
    except sqlite3.Error as error:
        raise cannot(home, f"open {path}", str(error)) from None
    if problem:
        raise RecordingError(f"{path} {problem}", rebuilding(home))


def rebuilding(home: Home) -> str:
    """Return the words for the way out where what is recorded is of no use."""
    return f"`{rebuild_command(home)}` records everything again from the store"


def rebuild_command(home: Home) -> str:
    """Return the command that records everything in a home's store again."""
    command = ["sweeps", "records", "rebuild", "--home", str(home.folder)]
    if home.store != str(home.folder / "store"):
        command += ["--store", home.store]
    if home.database != home.folder / "mlflow.db":
        command += ["--tracking", home.tracking]
    return shlex.join(command)


def cannot(home: Home, what: str, why: str) -> RecordingError:
    """Return the error of something that the user's rights or disk do not allow."""
    return RecordingError(
        f"cannot {what}: {why}",
        "mend that, or take another home for the records (--home) with this one's --store",
        again=True,
    )


def url(path: Path, mode: Mode) -> str:
    """Return the tracking address by which MLflow opens a database file.

    Quoted by SQLAlchemy as its version unquotes it, so any character may be in the path.
    """
    from sqlalchemy.engine import URL

    database, _, _ = diagnosis.address(path, mode).partition("?")
    # MLflow keeps connections by address, SQLite passes over what it doesn't know: a file that
    # took another's place is not mistaken for it.
    query = {"uri": "true", "mode": mode, "file": str(path.stat().st_ino) if path.exists() else ""}
    # With the driver named MLflow does not take the rest for a path, and make its folder.
    return URL.create("sqlite+pysqlite", database=database, query=query).render_as_string()


def set_aside(path: Path) -> Path:
    """Move a database of no use out of the way; return where it lies now."""
    aside = path.with_name(f"{path.name}.{time.strftime('%Y%m%d-%H%M%S')}.damaged")
    for ending in SIDE_FILES:
        with suppress(FileNotFoundError):
            os.rename(f"{path}{ending}", f"{aside}{ending}")
    return aside


def experiment(client: MlflowClient, home: Home, name: str, tell: Callable[[str], None]) -> str:
    """Return the id of a sweep's experiment: found, restored if it was deleted, or new.

    `tell` gets a line of what else the user should know.
    """
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(name)
    if found is None:
        location = f"{RELATIVE}{name}" if home.database else None  # a server has its own
        try:
            return str(client.create_experiment(name, artifact_location=location))
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            found = client.get_experiment_by_name(name)  # of a driver in another home
            if found is None:
                raise
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
        tell(f"restored the experiment {name!r}, which was deleted in MLflow")
    return str(found.experiment_id)


def below_artifacts(address: str, depth: int) -> str | None:
    """Return the path below the artifacts folder that an address names, whatever home it was in.

    `depth` is its number of parts: 1 of an experiment's files, 3 of a run's. None if the address
    is of a place that is not a home's.
    """
    parsed = urlparse(address)
    parts = unquote(parsed.path).split("/")
    folder = parts[-depth - 1 : -depth]
    # MLflow puts its default experiment beside the current folder; no run need go there.
    ours = folder == ["mlartifacts"] or (depth == 1 and folder == ["mlruns"])
    if parsed.scheme == "mlflow-artifacts" or (parsed.scheme in ("", "file") and ours):
        return "/".join(parts[-depth:])
    return None


def server_arguments(home: Home) -> list[str]:
    """Return the options by which MLflow's own server shows a home's records and files."""
    path, artifacts = home.database, home.artifacts
    assert path is not None
    assert artifacts is not None
    if os.access(path, os.W_OK):
        prepare(home)
        address = url(path, "rw")
    else:
        address = url(_readable(home, path), "ro")
    return ["--backend-store-uri", address, "--artifacts-destination", artifacts.as_uri()]


# --- to write -----------------------------------------------------------------------------


def prepare(home: Home) -> None:
    """Create a home's database or mend its rows, one process at a time.

    Raises RecordingError, or sqlite3.OperationalError while it is locked.
    """
    path = home.database
    assert path is not None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _lock(path):
            if diagnosis.blank(path):
                _create(path)
            check(home)
            _forget_folders(path)
    except OSError as error:  # filelock's Timeout is one
        raise cannot(home, f"set up {path}", error.strerror or str(error)) from None


def _lock(path: Path) -> filelock.BaseFileLock:
    import filelock

    return filelock.FileLock(f"{path}.lock", timeout=LOCK_SECONDS)


def _create(path: Path) -> None:
    """Let MLflow make its tables in a file of another name, and rename that when it is whole."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    _silence()
    partial = path.with_name(f"{path.name}.new")
    for ending in SIDE_FILES:  # of a process that ended here
        Path(f"{partial}{ending}").unlink(missing_ok=True)
    SqlAlchemyStore(url(partial, "rwc"), RELATIVE).engine.dispose()
    os.replace(partial, path)


def _forget_folders(path: Path) -> None:
    """Rewrite rows that name their files by the folder the home lay in.

    MLflow has no call for it. This is one transaction, of rows that earlier versions wrote and of
    experiments made in MLflow's interface.
    """
    with closing(diagnosis.connect(path, "rw")) as connection, connection:
        connection.create_function("below", 2, below_artifacts)
        for table, column, depth in (
            ("experiments", "artifact_location", 1),
            ("runs", "artifact_uri", 3),
        ):
            connection.execute(
                f"UPDATE {table} SET {column} = ? || below({column}, ?) "
                f"WHERE {column} NOT LIKE 'mlflow-artifacts:%' AND below({column}, ?) IS NOT NULL",
                (RELATIVE, depth, depth),
            )


# --- to read ------------------------------------------------------------------------------


def _readable(home: Home, path: Path) -> Path:
    """Return a database that can be read without a change to it, a copy if need be.

    A driver that was killed leaves what it had begun, and SQLite must undo that first.
    """
    try:
        try:
            problem = diagnosis.problem(path, "ro")
        except sqlite3.OperationalError as error:
            if diagnosis.code(error) not in diagnosis.UNREADABLE or not os.access(path, os.R_OK):
                raise
            path = _recovered(path)
            problem = diagnosis.problem(path, "ro")
    except (sqlite3.Error, OSError) as error:
        why = str(error) if os.access(path, os.R_OK) else "permission denied"
        raise RecordingError(f"cannot read {path}: {why}", rebuilding(home)) from None
    if problem:
        raise RecordingError(f"{path} {problem}", rebuilding(home))
    return path


def _recovered(path: Path) -> Path:
    """Let SQLite undo what was begun: in place, or in a copy where the user may not write."""
    with suppress(sqlite3.OperationalError):
        _touch(path, "rw")
        _touch(path, "ro")
        return path
    folder = tempfile.mkdtemp(prefix="sweeps-records-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for ending in SIDE_FILES:
        with suppress(FileNotFoundError):
            shutil.copyfile(f"{path}{ending}", f"{folder}/{path.name}{ending}")
    copy = Path(folder, path.name)
    _touch(copy, "rw")
    return copy


def _touch(path: Path, mode: Mode) -> None:
    with closing(diagnosis.connect(path, mode)) as connection:
        connection.execute("SELECT count(*) FROM sqlite_master")


def _silence() -> None:
    """MLflow logs whole tracebacks of what is told here in a line, and each table it makes."""
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
    logging.getLogger("alembic").setLevel(logging.WARNING)
