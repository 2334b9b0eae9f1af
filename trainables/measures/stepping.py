"""Running a plain function that takes long as an iterator over the progress that it tells.

What does jobs is made of iterators, which can be left and gone on with; a measure is a plain
function, which is easier to write.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class Stopped(BaseException):
    """Nobody waits for what the function computes any more."""


def in_steps(function: Callable[[Callable[[float], None]], T]) -> Generator[float, None, T]:
    """Yield every number that a function passes to its argument, and return what it returns.

    The function runs in a thread of its own, but never beside the caller: only while that waits
    for the next number. What it raises is raised here. Closing the iterator raises `Stopped` in the
    function, where it next tells its progress, and waits for its end.
    """
    said: SimpleQueue[tuple[str, Any]] = SimpleQueue()
    asked: SimpleQueue[None] = SimpleQueue()
    stopping = threading.Event()

    def tell(share: float) -> None:
        if not stopping.is_set():
            said.put(("told", share))
            asked.get()
        if stopping.is_set():
            raise Stopped

    def work() -> None:
        try:
            result = function(tell)
        except BaseException as error:
            said.put(("raised", error))
        else:
            said.put(("returned", result))

    thread = threading.Thread(target=work, name="measure", daemon=True)
    thread.start()
    try:
        while True:
            what, value = said.get()
            if what == "raised":
                raise value
            if what == "returned":
                result: T = value
                return result
            yield value
            asked.put(None)
    finally:
        stopping.set()
        asked.put(None)
        thread.join()
