"""What a machine or a user may lack that libraries count on: short paths, a home, a name."""

from __future__ import annotations

import getpass
import os
import tempfile
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path

from sweeps.errors import UserError

LONGEST = 36
"""Bytes of such a path. A socket's path has at most 107, of which Ray adds up to 70:
/ray/session_2026-01-31_12-00-00_000000_1234567/sockets/plasma_store"""

VARIABLES = ("RAY_TMPDIR", "TMPDIR")
"""Where Ray looks, in this order; what it starts looks at the second."""

FOLDERS = ("/tmp", "/var/tmp", "/dev/shm")


def mend(environment: MutableMapping[str, str] = os.environ) -> None:
    """Make an environment such that Ray, PyTorch, MLflow and matplotlib work. Raises UserError."""
    for name in VARIABLES:
        if environment.get(name) == "":  # unset, for a shell; Ray would take it for a folder
            del environment[name]
    environment.update(short_temporary_folder(environment))
    environment.update(names_of_user(environment))


def names_of_user(environment: Mapping[str, str]) -> dict[str, str]:
    """HOME and USER for a process of a user without an account, as containers have; else nothing.

    A home that can't be written to stays: it may hold credentials. Only matplotlib's cache, which
    it would complain about, goes elsewhere.
    """
    found = {}
    temporary = environment.get("TMPDIR") or tempfile.gettempdir()
    home = os.path.expanduser("~")
    if home == "~":  # libraries raise
        found["HOME"] = _own_folder(temporary) or temporary
    elif not os.access(home, os.W_OK) and "MPLCONFIGDIR" not in environment:
        found["MPLCONFIGDIR"] = _own_folder(temporary) or temporary
    try:
        getpass.getuser()
    except (KeyError, OSError):
        found["USER"] = f"uid-{os.getuid()}"
    return found


def short_temporary_folder(
    environment: Mapping[str, str], folders: Sequence[str] = FOLDERS
) -> dict[str, str]:
    """What to set in an environment so that temporary files have short paths; nothing if they do.

    Slurm, say, sets TMPDIR to a folder of a job, by a long path. Makes a folder of the user's own
    elsewhere. Raises UserError if that can't be done.
    """
    given = {name: environment[name] for name in VARIABLES if environment.get(name)}
    if all(_usable(path) for path in given.values() or folders[:1]):
        return {}
    for folder in folders:
        if _usable(folder) and (own := _own_folder(folder)):
            return dict.fromkeys(given or ["TMPDIR"], own)
    told = "".join(f"{name} is {path}; " for name, path in given.items())
    raise UserError(
        f"no folder for temporary files: {told}set TMPDIR to one that can be written to, "
        f"with a path of at most {LONGEST} bytes"
    )


def _usable(folder: str) -> bool:
    """Whether a folder's path is absolute, as workers have other current folders, and short."""
    usable = os.path.isabs(folder) and os.access(folder, os.W_OK | os.X_OK)
    return usable and len(os.fsencode(folder)) <= LONGEST


def _own_folder(parent: str) -> str | None:
    """The same one each time, unless somebody else took its name."""
    user = os.getuid()
    name = f"sweeps-{user}"
    own = Path(parent) if Path(parent).name == name else Path(parent) / name
    try:
        own.mkdir(mode=0o700, exist_ok=True)
        found = own.lstat()
        if own.is_symlink() or found.st_uid != user or found.st_mode & 0o022:
            own = Path(tempfile.mkdtemp(prefix="sweeps-", dir=parent))
    except OSError:
        return None
    return str(own)
