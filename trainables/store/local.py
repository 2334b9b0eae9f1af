"""Writing on a local or shared file system: files appear whole, and outlast a power failure.

A file is written under a partial name beside its own, synced, and renamed. A name outlasts a power
failure once its folder is synced, and a new folder once the folder above it is.
"""

from __future__ import annotations

import errno
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

from trainables.processes import dead, mark

ABANDONED_SECONDS = 3600.0
"""Age at which a partial file is taken for abandoned, if its writer ran on another machine."""

PARTIAL = ".partial-"
"""Part of the names of files that are being written."""

_PARTIAL = re.compile(re.escape(PARTIAL) + r"(?:(?P<mark>[0-9a-f]{8}-\d+)-)?\d+-\d+$")
"""Earlier versions wrote no mark of the process."""


NO_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EBADF}
"""What some shared file systems answer where a folder is to be synced."""


def partial_name(path: str) -> str:
    """Return a name for a file on its way to `path`, which no other thread or process uses."""
    return f"{path}{PARTIAL}{mark()}-{threading.get_native_id()}-{time.monotonic_ns()}"


def write(path: str, content: bytes, durable: bool) -> None:
    """Create or replace a file. If `durable`, its content outlasts a power failure.

    Its name does so after `sync_folder`. Whatever fails leaves no partial file.
    """
    _make_folders(os.path.dirname(path), durable)
    partial = partial_name(path)
    try:
        with open(partial, "xb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException as error:
        with suppress(OSError):
            os.remove(partial)
        if isinstance(error, OSError) and error.filename == partial:
            error.filename = os.path.dirname(path)  # a name that means something to the user
        raise


def create(path: str, content: bytes) -> None:
    """Create a small file. Raises FileExistsError where there is one."""
    _make_folders(os.path.dirname(path), durable=False)
    try:
        with open(path, "xb") as file:
            file.write(content)
    except FileExistsError:
        raise
    except OSError:  # it may be there, but empty
        with suppress(OSError):
            os.remove(path)
        raise


def sync_folder(path: str) -> None:
    """Make the names in a folder outlast a power failure, where the file system can do that."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in NO_SYNC:
            raise
    finally:
        os.close(descriptor)


def remove_abandoned(root: str) -> None:
    """Remove the partial files below a folder whose writers are dead, or, on other machines, seem
    to be. What cannot be removed stays."""
    for folder, _, names in os.walk(root):
        for name in names:
            if PARTIAL in name:  # others are not looked at: there may be very many
                path = os.path.join(folder, name)
                with suppress(OSError):
                    if abandoned(path, os.stat(path).st_mtime):
                        os.remove(path)


def abandoned(path: str, modified: float) -> bool:
    """Return whether a path is that of a partial file whose writer is dead, or, on another
    machine, seems to be. `modified` is when the file last changed (Unix time, seconds)."""
    found = _PARTIAL.search(path)
    if found is None:
        return False
    old = time.time() - modified > ABANDONED_SECONDS
    return old or bool(found["mark"] and dead(found["mark"]))


def walk(root: str) -> Iterator[tuple[str, int, float]]:
    """Yield path, bytes and Unix time of the last change of every file below a folder.

    Files that vanish meanwhile are passed over.
    """
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            with suppress(FileNotFoundError):
                found = os.stat(path, follow_symlinks=False)
                yield path, found.st_size, found.st_mtime


def _make_folders(path: str, durable: bool) -> None:
    if os.path.isdir(path):
        return
    above = os.path.dirname(path)
    _make_folders(above, durable)
    with suppress(FileExistsError):
        os.mkdir(path)
    if durable:
        sync_folder(above)
