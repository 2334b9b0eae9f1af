"""Room on disks."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from sweeps.doctor.finding import Finding, fine, hint, stop

MB = 1e6
TOO_LITTLE = 100 * MB
"""Bytes: a small sweep's records, logs and weights."""
LITTLE = 2_000 * MB
"""Bytes: below, larger sweeps end with a full disk. `sweeps plan` says what each stores."""


def existing(path: Path) -> Path:
    """Return a path, or the nearest folder above it that exists."""
    return next(one for one in (path, *path.absolute().parents) if one.exists())


def room(
    subject: str, folder: Path, too_little: float = TOO_LITTLE, little: float = LITTLE
) -> Finding:
    """Check whether a folder, or one that could be made, can be written and has room."""
    there = existing(folder)
    if not there.is_dir():
        return stop(subject, f"{there} is a file: name another folder")
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        return stop(subject, f"cannot write to {there}: {error.strerror}; mend that, or name "
                    "another folder")  # fmt: skip
    free = shutil.disk_usage(there).free
    amount = f"{free / MB:.0f} MB" if free < 1000 * MB else f"{free / MB / 1000:.0f} GB"
    said = f"{amount} free in {folder}"
    if free < too_little:
        return stop(subject, f"only {said}: free some")
    if free < little:
        return hint(subject, f"only {said}; `sweeps plan SPEC` says what a sweep stores")
    return fine(subject, said)
