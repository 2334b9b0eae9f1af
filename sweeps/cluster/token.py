"""The file that holds a cluster's token, which nobody but its owner may read."""

from __future__ import annotations

import os
import secrets
import stat
import sys
from contextlib import suppress
from pathlib import Path


def default_file() -> Path:
    """Where Ray looks when the environment names no other file."""
    return Path(os.path.expanduser("~")) / ".ray" / "auth_token"


def file() -> Path:
    """Where Ray finds the token of this machine, unless the environment holds the token itself."""
    return Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or default_file())


def make(path: Path) -> None:
    """Write a new token, unless there is a file. At no time may others read it.

    `ray get-auth-token --generate` makes a file that everybody can read.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    with open(unfinished, "x", opener=_private, encoding="ascii") as file:
        file.write(secrets.token_hex(32))
    with suppress(FileExistsError):
        os.link(unfinished, path)  # whole, or not there
    unfinished.unlink()


def close(path: Path) -> None:
    """Take the right to read a token file from others, with a line that says so.

    Does nothing to a file that another user owns.
    """
    try:
        found = path.stat()
        mode = stat.S_IMODE(found.st_mode)
        if found.st_uid != os.getuid() or not mode & 0o077:
            return
        path.chmod(0o600)
    except OSError:  # no file, or a disk that knows no modes
        return
    print(f"other users could read the token in {path} (mode {mode:o}): now 600", file=sys.stderr)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
