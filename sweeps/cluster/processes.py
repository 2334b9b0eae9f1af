"""Which processes on this machine belong to a node, by the mark that they inherited; and which to a
process that started them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection, Iterator
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


def descendants(pid: int) -> dict[int, str]:
    """Process id and program of all that a process started, directly or not; none without /proc."""
    parents: dict[int, tuple[int, str]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text(errors="replace").partition("(")[2].rpartition(")")
        except OSError:  # it has ended
            continue
        state, parent, *_ = rest.split()
        if state not in "ZX":  # ended, but not yet waited for
            parents[int(stat.parent.name)] = int(parent), name
    found: dict[int, str] = {}
    latest = {pid}
    while latest:
        latest = {one for one, (parent, _) in parents.items() if parent in latest} - found.keys()
        found |= {one: parents[one][1] for one in latest}
    return found


def send(number: signal.Signals, pids: list[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def kill_descendants(of: int, but: Collection[int], seconds: float = 10.0) -> None:
    """Kill what a process started, except some processes, and wait until it has ended."""
    deadline = time.monotonic() + seconds
    while (left := descendants(of).keys() - but) and time.monotonic() < deadline:
        send(signal.SIGKILL, list(left))
        time.sleep(0.1)


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
