"""End a run whose Ray has died while Ray's own client waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sweeps.errors import ClusterError

LOOK_SECONDS = 1.0
"""Between two looks whether Ray is still there."""

GRACE_SECONDS = 10.0
"""In which the run may end by itself. Ray's client aborts the program after 60 s."""


@contextmanager
def watching(
    check: Callable[[], None],
    give_up: Callable[[ClusterError], None],
    grace: float = GRACE_SECONDS,
) -> Iterator[None]:
    """Call `give_up`, in a thread, if what is in the `with` goes on after `check` has raised.

    It gets the ClusterError that `check` raised, and should not return.
    """
    over = threading.Event()

    def watch() -> None:
        while not over.wait(LOOK_SECONDS):
            try:
                check()
            except ClusterError as error:
                if not over.wait(grace):
                    give_up(error)
                return

    threading.Thread(target=watch, name="watch", daemon=True).start()
    try:
        yield
    finally:
        over.set()
