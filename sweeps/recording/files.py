"""The files of a run: its spec, its plan, its report.

Those of a home lie below its `mlartifacts`, wherever the home lies now. Those of a tracking server
are its own business.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sweeps.home import Home
from sweeps.recording import database

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run


PARTIAL = ".partial-"
"""How names of files begin that are being written."""


def folder(home: Home, run: Run) -> Path | None:
    """Return the folder of a run's files; None if a server keeps them. It may not be there."""
    below = database.below_artifacts(run.info.artifact_uri, 3)
    return home.artifacts / below if home.artifacts and below else None


def names(client: MlflowClient, home: Home, run: Run) -> set[str]:
    """Return the names of a run's files."""
    place = folder(home, run)
    if place is None:
        return {file.path for file in client.list_artifacts(run.info.run_id)}
    files = place.iterdir() if place.is_dir() else ()
    return {file.name for file in files if not file.name.startswith(PARTIAL)}


def read_text(client: MlflowClient, home: Home, run: Run, name: str) -> str | None:
    """Return the text of a run's file, None if there is no such file."""
    place = folder(home, run)
    if place is not None:
        try:
            return (place / name).read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return None
    with tempfile.TemporaryDirectory() as scratch:
        try:
            file = client.download_artifacts(run.info.run_id, name, scratch)
        except Exception:  # each kind of server has its own for what is not there
            if name in names(client, home, run):
                raise
            return None
        return Path(file).read_text(encoding="utf-8")


def write_text(client: MlflowClient, home: Home, run: Run, name: str, text: str) -> None:
    """Write a file of a run, whole or not at all."""
    place = folder(home, run)
    if place is None:
        client.log_text(run.info.run_id, text, name)
    else:
        _put(place / name, lambda partial: partial.write_text(text, encoding="utf-8"))


def write_file(client: MlflowClient, home: Home, run: Run, path: Path) -> None:
    """Copy a file to those of a run, under the same name, whole or not at all."""
    place = folder(home, run)
    if place is None:
        client.log_artifact(run.info.run_id, str(path))
    else:
        _put(place / path.name, lambda partial: shutil.copyfile(path, partial))


def _put(path: Path, write: Callable[[Path], object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{PARTIAL}{os.getpid()}-{path.name}")
    try:
        write(partial)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
