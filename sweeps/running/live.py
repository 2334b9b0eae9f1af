"""The report of a sweep under way: written now and then by a process of its own.

The driver never waits for it, and no error of it reaches the driver.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from sweeps.home import Home

EVERY = 60.0
"""Seconds from the beginning of one writing to that of the next, at least."""

SHARE = 0.05
"""Of the time since the sweep began that writing may take, in seconds of processor."""

FIRST = 5.0
"""Seconds of processor that the first writing is taken to need."""

LOOK = 0.5
"""Seconds between two looks at whether a writing is done."""

NICE = 10
"""How much the process gives way to workers."""

FAILURES = 3
"""In a row, after which no more is tried."""

PARTIAL = 'class="partial"'
"""What is in a page that lacks trials."""

LAST_SECONDS = 300.0
"""How long the last writing may take, once the sweep is over."""


class Pace:
    """When the next writing may begin."""

    def __init__(self, every: float = EVERY, share: float = SHARE, first: float = FIRST):
        self._every, self._share = every, share
        self._spent, self._next_cost = 0.0, first
        self._begun = 0.0

    def due(self, elapsed: float) -> bool:
        """Return whether one may begin `elapsed` seconds after the sweep did."""
        enough = elapsed - self._begun >= self._every
        return enough and self._spent + self._next_cost <= self._share * elapsed

    def wrote(self, begun: float, cost: float) -> None:
        """Note a writing that began at `begun` and took `cost` seconds of processor."""
        self._begun, self._next_cost = begun, cost
        self._spent += cost


class LiveReport:
    """Keeps the file that `sweeps report NAME` writes up to date while the sweep runs."""

    def __init__(self, home: Home, name: str, pace: Pace | None = None):
        self.file = home.report(name)
        self.problem = ""
        """Why the last writing failed."""
        command = [sys.executable, "-P", "-m", "sweeps", "report", name]
        self._command = [*command, "--home", str(home.folder), "--tracking", home.tracking]
        self._pace = pace or Pace()
        self._written = self._failures = 0
        self._begun = time.monotonic()

    @contextmanager
    def refreshed(self, first: Callable[[Path], None]) -> Iterator[None]:
        """Write the report now and then while the context lasts; call `first` with its file once.

        A writing under way is given up at the end.
        """
        over = threading.Event()
        thread = threading.Thread(
            target=self._keep_writing, args=(over, first), name="report", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def finish(self) -> None:
        """Write the report a last time, if it is of this sweep's trials so far.

        So is one of an earlier run that was interrupted.
        """
        if self._written or self._is_partial():
            self._write(threading.Event(), LAST_SECONDS)

    def _is_partial(self) -> bool:
        try:
            return PARTIAL in self.file.read_text(encoding="utf-8")
        except (OSError, ValueError):
            return False

    def _keep_writing(self, over: threading.Event, first: Callable[[Path], None]) -> None:
        while self._failures < FAILURES and not over.wait(LOOK):
            begun = time.monotonic() - self._begun
            if self._pace.due(begun):
                known = self._written
                self._pace.wrote(begun, self._write(over))
                if self._written and not known:
                    first(self.file)

    def _write(self, over: threading.Event, limit: float = math.inf) -> float:
        """Write the report once; return the seconds of processor that it took.

        Gives up when `over` is set, or after `limit` seconds. Raises nothing.
        """
        try:
            with tempfile.TemporaryFile() as errors:
                return self._run(errors, over, limit)
        except OSError as error:
            self._failures, self.problem = self._failures + 1, str(error)
            return 0.0

    def _run(self, errors: IO[bytes], over: threading.Event, limit: float) -> float:
        # A session of its own: Ctrl-C at the terminal is for the driver.
        child = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, child.pid, NICE)
        deadline = time.monotonic() + limit
        while True:
            ended, status, usage = os.wait4(child.pid, os.WNOHANG)
            if ended:
                break
            if over.wait(LOOK) or time.monotonic() > deadline:
                child.kill()
                _, status, usage = os.wait4(child.pid, 0)
                break
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode == 0:
            self._written, self._failures, self.problem = self._written + 1, 0, ""
        elif not over.is_set():
            errors.seek(0)
            self._failures += 1
            self.problem = errors.read().decode(errors="replace").strip().rpartition("\n")[2]
        return usage.ru_utime + usage.ru_stime
