"""Which processes on this machine belong to a node: those that inherited its mark."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

MARK = "SWEEPS_NODE"
"""In the environment of all that a node starts, jobs and workers included: the node's folder.
`ray stop` would end every Ray on the machine instead."""


def marked(folder: Path) -> Iterator[tuple[int, str]]:
    """Process id and command line of whatever a node runs, but for the caller and its parents."""
    mark, callers = f"{MARK}={folder}".encode(), _lineage()
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) in callers:
            continue
        try:
            environment = (process / "environ").read_bytes()
            command = (process / "cmdline").read_bytes()
        except OSError:  # it has ended, or is another user's
            continue
        if mark in environment.split(b"\0"):
            yield int(process.name), command.replace(b"\0", b" ").decode(errors="replace").strip()


def send(number: signal.Signals, pids: list[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def end(folder: Path, seconds: float) -> None:
    """Wait until nothing of a node runs; after so many seconds kill what still does."""
    deadline = time.monotonic() + seconds
    while left := [pid for pid, _ in marked(folder)]:
        if time.monotonic() > deadline:
            send(signal.SIGKILL, left)
        time.sleep(0.2)


def _lineage() -> set[int]:
    pid, found = os.getpid(), set()
    while pid > 0:
        found.add(pid)
        # "pid (name) state parent ...", and a name may hold anything
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return found
