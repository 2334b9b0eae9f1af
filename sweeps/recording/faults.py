"""MLflow's faults: which of them pass, and each in a line with the way out."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sweeps import tracking
from sweeps.errors import RecordingError
from sweeps.home import Home
from sweeps.recording import database, diagnosis

LIBRARIES = {"mlflow", "sqlalchemy", "sqlite3", "requests", "urllib3"}
"""Whose errors are faults of the records; any other is one of this program."""

DISK = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
}


def passes(error: BaseException, home: Home) -> bool:
    """Whether it helps to try again later: a lock, a full disk, or a server that is away."""
    fault = _of_sqlite(error)
    if fault is not None:
        return diagnosis.code(fault) in {*diagnosis.BUSY, sqlite3.SQLITE_FULL}
    if type(error) is OSError:  # of a run's files
        return error.errno == errno.ENOSPC
    if getattr(error, "error_code", None) == "TEMPORARILY_UNAVAILABLE":
        return True  # of a server's database
    return not tracking.answers(home.tracking)


def awaited(home: Home) -> str:
    """Name what passing faults keep waiting for."""
    if home.database:
        return f"the database {home.database}, which is locked or out of space"
    return f"the tracking server at {home.tracking}"


def explain(error: BaseException, home: Home, reading: bool = False) -> RecordingError:
    """Return an error that MLflow raised as one line, with the way out."""
    if isinstance(error, RecordingError):
        return error
    adds = (
        "try again"
        if reading
        else f"the same command adds what is missing, or `{database.rebuild_command(home)}`"
    )
    place = str(home.database or home.tracking)
    fault = _of_sqlite(error)
    if fault is not None:
        kind = diagnosis.code(fault)
        if kind in diagnosis.BUSY:
            return RecordingError(f"another program kept {place} locked", adds, again=True)
        if kind in DISK:
            return database.cannot(home, f"use {place}", str(fault))
        return RecordingError(f"{place} is damaged ({fault})", database.rebuilding(home))
    if isinstance(error, OSError) and error.filename and not _is_mlflows(error):
        return database.cannot(home, f"write {error.filename}", error.strerror or str(error))
    if not tracking.answers(home.tracking):
        return RecordingError(f"no tracking server answers at {place}", adds, again=True)
    what = f"MLflow at {place}" if _is_mlflows(error) else "recording"
    said = str(error).strip().splitlines() or [type(error).__name__]
    return RecordingError(f"{what} failed ({said[0]})", adds)


@contextmanager
def told(home: Home) -> Iterator[None]:
    """Raise what MLflow raises here, where records are read, as a RecordingError."""
    try:
        yield
    except Exception as error:
        if _is_mlflows(error):
            raise explain(error, home, reading=True) from error
        raise


def _is_mlflows(error: BaseException) -> bool:
    return type(error).__module__.partition(".")[0] in LIBRARIES


def _of_sqlite(error: BaseException | None) -> sqlite3.Error | None:
    """SQLite's error among those that an error came from."""
    while error is not None and not isinstance(error, sqlite3.Error):
        error = getattr(error, "orig", None) or error.__cause__ or error.__context__
    return error
