"""How long a batch goes on before it gives way to another one."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class TurnLength:
    """The length of a turn: at least `seconds` and at least `iterations`.

    Iterations bound it because their time is only estimated: on a machine twice as fast as
    expected, trainings would be done before they first gave way. Seconds bound it because giving
    way takes some.
    """

    seconds: float
    iterations: int


class Turn:
    """A turn that begins now; without a length it is never over.

    `trained` is the number of iterations that the worker has trained so far.
    """

    def __init__(self, length: TurnLength | None, trained: int):
        self._length, self._trained, self._begin = length, trained, time.monotonic()

    def over(self, trained: int) -> bool:
        if self._length is None or trained - self._trained < self._length.iterations:
            return False
        return time.monotonic() - self._begin >= self._length.seconds
