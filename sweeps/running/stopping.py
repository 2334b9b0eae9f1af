"""End a run before its work is done: at a signal, or for a reason of its own."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console


class Stopping:
    """Whether a run is to end early: what is under way is saved, and nothing more handed out."""

    def __init__(self, console: Console):
        self._console = console
        self._asked = threading.Event()
        self._signalled = False
        self.reason: str | None = None
        """One line, where nobody asked for it."""

    def __call__(self) -> bool:
        return self._asked.is_set()

    def because(self, reason: str) -> None:
        """End the run for the first reason that is given."""
        if not self():
            self.reason = reason
        self._asked.set()

    @contextmanager
    def on_signal(self) -> Iterator[None]:
        """End the run at the first Ctrl-C, SIGTERM or SIGHUP (the terminal is gone).

        A second one ends the program at once. `nohup` is respected.
        """

        def stop(signum: int, frame: FrameType | None) -> None:
            if self._signalled:
                raise KeyboardInterrupt
            self._signalled = True
            self._asked.set()
            self._console.print("stopping: saving what is under way (Ctrl-C again to quit at once)")

        ends = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            ends.append(signal.SIGHUP)
        held = {number: signal.signal(number, stop) for number in ends}
        try:
            yield
        finally:
            for number, handler in held.items():
                signal.signal(number, handler)
