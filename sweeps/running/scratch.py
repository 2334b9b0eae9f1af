"""The folder in which Tune keeps its own files while a sweep runs."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trainables.processes import dead, mark

PREFIX = "sweeps-tune-"


@contextmanager
def scratch() -> Iterator[Path]:
    """Make a temporary folder, and remove those that the user's dead drivers have left."""
    _remove_left(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(
        prefix=f"{PREFIX}{mark()}-", ignore_cleanup_errors=True
    ) as made:
        yield Path(made)


def _remove_left(folder: Path) -> None:
    for left in folder.glob(f"{PREFIX}*-*-*"):
        writer = "-".join(left.name.removeprefix(PREFIX).split("-")[:2])
        try:
            ours = left.lstat().st_uid == os.getuid()
        except OSError:  # another driver has just removed it
            continue
        if ours and dead(writer):
            shutil.rmtree(left, ignore_errors=True)
