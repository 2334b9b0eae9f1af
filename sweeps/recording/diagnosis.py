"""What is wrong with a database file, in words. Needs no MLflow, whose import takes seconds."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal
from urllib.parse import quote

Mode = Literal["ro", "rw", "rwc"]
"""SQLite's: reading only; reading and writing what is there; creating it, too."""

TABLES = {"experiments", "runs", "tags", "params", "metrics", "latest_metrics", "alembic_version"}
"""Of MLflow's tables, those that hold records, and the one that says which version made them."""

NO_DATABASE = "is not an SQLite database"

CHECK_SECONDS = 1.0
"""How long a database is searched for damage: some 300 MB of it."""

BUSY_SECONDS = 2.0
"""How long a lock is waited for: other drivers hold one for milliseconds."""

SMALLEST = 512
"""Bytes of a database's first page, at least. SQLite takes less for nothing."""

BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
UNREADABLE = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}
"""In place: what a killed writer began has to be undone first, and the folder can't be written."""


def address(path: Path, mode: Mode) -> str:
    """Return a database file as a URI that SQLite opens, whatever characters its path holds."""
    return f"file:{quote(os.fsencode(path))}?mode={mode}"


def connect(path: Path, mode: Mode) -> sqlite3.Connection:
    return sqlite3.connect(address(path, mode), uri=True, timeout=BUSY_SECONDS)


def code(error: sqlite3.Error) -> int:
    """Return SQLite's primary code of an error, 0 if it has none."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def blank(path: Path) -> bool:
    """Whether there is no database, or nothing in it: a program that opens one leaves that."""
    if not path.exists():
        return True
    return path.is_file() and path.stat().st_size == 0


def problem(path: Path, mode: Mode) -> str | None:
    """Return what keeps MLflow from using a database file; None if nothing does.

    One that is locked now is taken to be sound. Raises sqlite3.OperationalError if it can't be
    opened that way.
    """
    if path.is_dir():
        return "is a folder, not a database"
    if path.stat().st_size < SMALLEST:
        return NO_DATABASE
    try:
        with closing(connect(path, mode)) as connection:
            return _contents(connection) or _damage(connection)
    except sqlite3.DatabaseError as error:
        if code(error) in BUSY:
            return None
        if code(error) == sqlite3.SQLITE_NOTADB:
            return NO_DATABASE
        if code(error) == sqlite3.SQLITE_CORRUPT:
            return f"is damaged ({error})"
        raise


def _contents(connection: sqlite3.Connection) -> str | None:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    half_made = "was left half made, by a program that ended while it set it up"
    if not tables & TABLES:
        return "is an SQLite database, but not one of MLflow's"
    if any(name.startswith("_alembic_tmp_") for name in tables):
        return half_made
    versions = (
        [found for (found,) in connection.execute("SELECT version_num FROM alembic_version")]
        if "alembic_version" in tables
        else []
    )
    if versions == [_schema().newest] and tables >= TABLES:
        return None
    used = "runs" in tables and connection.execute("SELECT 1 FROM runs LIMIT 1").fetchone()
    if not versions or not used:
        return half_made
    if versions == [_schema().newest]:
        return f"lacks the tables {', '.join(sorted(TABLES - tables))}"
    age = "an older" if versions[0] in _schema().known else "a newer"
    return f"was made by {age} version of MLflow than {version('mlflow')}, which is installed"


def _damage(connection: sqlite3.Connection) -> str | None:
    deadline = time.monotonic() + CHECK_SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError as error:
        if code(error) == sqlite3.SQLITE_INTERRUPT:
            return None
        raise
    return None if found == "ok" else f"is damaged ({' '.join(found.split())})"


@dataclass(frozen=True)
class _Schema:
    """The versions of the schema that the installed MLflow knows."""

    known: set[str]
    newest: str


@cache
def _schema() -> _Schema:
    """Read it from MLflow's migrations, each of which names itself and what it goes on from."""
    package = find_spec("mlflow")
    assert package is not None
    assert package.submodule_search_locations is not None
    folder = Path(package.submodule_search_locations[0]) / "store/db_migrations/versions"
    known, replaced = set(), set()
    for file in folder.glob("*.py"):
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("revision"):
                known.update(re.findall(r"[\"'](\w+)[\"']", line))
            elif line.startswith("down_revision"):
                replaced.update(re.findall(r"[\"'](\w+)[\"']", line))
    (newest,) = known - replaced
    return _Schema(known, newest)
