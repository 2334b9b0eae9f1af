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


PARTIAL = ".partial-"
"""How names of files begin that are being written."""


def folder(client: MlflowClient, home: Home, run_id: str) -> Path | None:
    """Return the folder of a run's files; None if a server keeps them. It may not be there."""
    if home.artifacts is None:
        return None
    below = database.below_artifacts(client.get_run(run_id).info.artifact_uri, 3)
    return home.artifacts / below if below else None


def names(client: MlflowClient, home: Home, run_id: str) -> set[str]:
    """Return the names of a run's files."""
    place = folder(client, home, run_id)
    if place is None:
        return {file.path for file in client.list_artifacts(run_id)}
    files = place.iterdir() if place.is_dir() else ()
    return {file.name for file in files if not file.name.startswith(PARTIAL)}


def read_text(client: MlflowClient, home: Home, run_id: str, name: str) -> str:
    """Return a file's text. Raises FileNotFoundError if the run has no such file."""
    place = folder(client, home, run_id)
    if place is not None:
        return (place / name).read_text(encoding="utf-8")
    if name not in names(client, home, run_id):
        raise FileNotFoundError(f"{home.tracking} has no {name} of the run {run_id}")
    with tempfile.TemporaryDirectory() as scratch:
        return Path(client.download_artifacts(run_id, name, scratch)).read_text(encoding="utf-8")


def write_text(client: MlflowClient, home: Home, run_id: str, name: str, text: str) -> None:
    """Write a file of a run, whole or not at all."""
    place = folder(client, home, run_id)
    if place is None:
        client.log_text(run_id, text, name)
    else:
        _put(place / name, lambda partial: partial.write_text(text, encoding="utf-8"))


def write_file(
    client: MlflowClient, home: Home, run_id: str, path: Path, name: str | None = None
) -> None:
    """Copy a file to those of a run, under its own name or another."""
    name = name or path.name
    place = folder(client, home, run_id)
    if place is not None:
        _put(place / name, lambda partial: shutil.copyfile(path, partial))
    elif name == path.name:
        client.log_artifact(run_id, str(path))
    else:
        with tempfile.TemporaryDirectory() as scratch:
            client.log_artifact(run_id, shutil.copyfile(path, Path(scratch, name)))


def _put(path: Path, write: Callable[[Path], object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{PARTIAL}{os.getpid()}-{path.name}")
    try:
        write(partial)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
