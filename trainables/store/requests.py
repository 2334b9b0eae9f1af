"""Requests to a file system: retried while errors may pass, and not waited for forever."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Any

from trainables.store.errors import StoreError, in_one_line, transient


def request(url: str, patience: float | None, function: Callable[[], Any]) -> Any:
    """Return what a function returns; for `patience` seconds, transient errors are retried.

    None is for a file system that is no object store: only its OSErrors become StoreErrors, at
    once. Raises StoreError, and FileNotFoundError and FileExistsError as they are.
    """
    deadline: float | None = None
    pause = 0.1
    while True:
        try:
            return function()
        except (FileNotFoundError, FileExistsError, StoreError):
            raise
        except Exception as error:
            if patience is None and not isinstance(error, OSError):
                raise
            deadline = deadline or time.monotonic() + (patience or 0)
            last = patience is None or time.monotonic() > deadline
            if last or not transient(error):
                raise StoreError(in_one_line(url, error)) from error
        time.sleep(pause * random.uniform(0.5, 1))
        pause = min(2 * pause, 5)


def within(seconds: float, function: Callable[..., Any], *given: Any, **options: Any) -> None:
    """Call a function, and raise StoreError if it is not back in time. Its thread goes on."""
    failed: list[Exception] = []

    def call() -> None:
        try:
            function(*given, **options)
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise StoreError(f"no answer within {seconds:g} s")
    if failed:
        raise failed[0]
