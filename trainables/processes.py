"""Marks in the names of temporary files and folders, which tell what a dead process has left."""

from __future__ import annotations

import hashlib
import os
import socket
from contextlib import suppress
from functools import cache


def mark() -> str:
    """Return the mark of this process: where it runs, and its number there."""
    return f"{_place()}-{os.getpid()}"


def dead(mark: str) -> bool:
    """Return whether a mark is that of a process that ran here and has ended.

    False for everything else: nothing is known of processes on other machines.
    """
    place, _, number = mark.rpartition("-")
    if place != _place() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:  # another user's
        return False
    return False


@cache
def _place() -> str:
    """Return a name of this machine, or of the container: process numbers are counted in each."""
    namespace = ""
    with suppress(OSError):
        namespace = os.readlink("/proc/self/ns/pid")
    return hashlib.sha256(f"{socket.gethostname()} {namespace}".encode()).hexdigest()[:8]
