"""Where decoded images and listings are kept, and how their files are written. No torch.

They lie beside the data, for all who use these; and in the user's own cache where that cannot be
written.
"""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import filelock

from trainables.data.errors import DataError, one_line, say

FOLDER = "decoded"


def place(folder: Path, name: str, suffix: str = ".safetensors", *, inside: str = FOLDER) -> Path:
    """Return where something lies that was made of the data in a folder, or where it is to go.

    It is said once where that is the user's own cache. Raises DataError where there is none.
    """
    there = held(folder, name, suffix, inside=inside)
    return there[0] if there else room(folder, name, suffix, inside=inside)


def held(
    folder: Path, name: str, suffix: str = ".safetensors", *, inside: str = FOLDER
) -> list[Path]:
    """Return where it lies and can be read, the one beside the data first."""
    return [path for path in _places(folder, name, suffix, inside) if os.access(path, os.R_OK)]


def room(folder: Path, name: str, suffix: str = ".safetensors", *, inside: str = FOLDER) -> Path:
    """Return where it can be written, whether or not it was before. As `place`."""
    beside = folder / inside / f"{name}{suffix}"
    if _usable(beside):
        return beside
    own = user_cache() / inside / f"{name}{suffix}"
    _tell(beside.parent, own.parent)
    return own


def notes(folder: Path, name: str) -> list[str]:
    """Return the texts of that name that can be read, of both places."""
    found = []
    for path in _places(folder, name, ".json", FOLDER):
        with suppress(OSError, ValueError):  # never written, another user's, or damaged
            found.append(path.read_text())
    return found


def user_cache() -> Path:
    """Return this user's own folder for what can be made again.

    `$XDG_CACHE_HOME`, or `~/.cache`; a folder among the temporary ones where there is no home or
    none that can be written, as in containers. Raises DataError if there is no such folder either.
    """
    for folder in (os.environ.get("XDG_CACHE_HOME"), os.path.expanduser("~/.cache")):
        if folder and os.path.isabs(folder) and _writable(Path(folder)):
            return Path(folder) / "stability-sweeps"
    try:
        own = Path(tempfile.gettempdir()) / f"stability-sweeps-{os.getuid()}"
        own.mkdir(mode=0o700, exist_ok=True)
        status = own.lstat()
    except OSError as error:
        raise DataError(f"no folder for a cache, set XDG_CACHE_HOME: {one_line(error)}") from None
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise DataError(f"{own} is somebody else's; set XDG_CACHE_HOME to a folder of your own")
    return own


def _places(folder: Path, name: str, suffix: str, inside: str) -> Iterator[Path]:
    """Yield the one beside the data, then the user's own if there can be one."""
    yield folder / inside / f"{name}{suffix}"
    with suppress(DataError):
        yield user_cache() / inside / f"{name}{suffix}"


def _usable(path: Path) -> bool:
    """Whether a file can be written there, or replaced, under its lock."""
    lock = _lock(path)
    return (
        _writable(path.parent)
        and (not os.path.exists(path) or _replaceable(path))
        and (not os.path.exists(lock) or os.access(lock, os.W_OK))
    )


def _replaceable(path: Path) -> bool:
    """Whether a file may be replaced; one that cannot be read is another user's, and left alone."""
    sticky = path.parent.stat().st_mode & stat.S_ISVTX
    owners = {path.stat().st_uid, path.parent.stat().st_uid, 0}
    return os.access(path, os.R_OK) and (not sticky or os.getuid() in owners)


def _writable(folder: Path) -> bool:
    # Path.exists raises where a folder above may not be looked into; this one does not.
    while not os.path.exists(folder) and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK | os.X_OK)


@cache
def _tell(folder: Path, own: Path) -> None:
    say(f"{folder} cannot be written: what is made of the data is kept in {own}")


# --- writing ------------------------------------------------------------------------------


def _lock(path: Path) -> Path:
    return path.with_suffix(".lock")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one process at a time make a file. Raises DataError where it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(_lock(path))
        lock.acquire()
    except OSError as error:
        raise DataError(f"cannot write to {path.parent}: {one_line(error)}") from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Write a file under another name; it appears under its own when it is whole.

    Its mode is what the umask leaves, whatever the library that writes it thinks. Raises DataError
    where that fails.
    """
    partial = path.with_suffix(f".partial-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.touch()
        mode = stat.S_IMODE(partial.stat().st_mode)
        yield partial
        partial.chmod(mode)
        partial.replace(path)
    except OSError as error:
        raise DataError(f"cannot write {path}: {one_line(error)}") from None
    finally:
        with suppress(OSError):  # where there is no such folder, or no longer
            partial.unlink()
