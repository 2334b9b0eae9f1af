"""A recorder in a thread of its own, with the patience that servers need."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from rich.console import Console

from sweeps import tracking
from sweeps.plan import Trial
from sweeps.recording.recorder import Recorder

PATIENCE = 300.0
"""Seconds that a sweep which is done waits for a tracking server that does not answer."""

RETRY_SECONDS = 1.0, 30.0
"""Between two tries: at first, and at most."""

LOOK_SECONDS = 10.0
"""Between two looks whether it answers, once a sweep is done."""

TRIES = 3
"""Of what fails although the server answers: its outage may just have ended."""


class BackgroundRecorder:
    """A recorder in a thread of its own, so that writing never holds up the handing out of jobs.

    While the tracking server does not answer, what is to be written waits.
    """

    def __init__(self, recorder: Recorder, spec_text: str, plan_facts: Mapping[str, Any]):
        self._recorder = recorder
        self._opening = (spec_text, plan_facts)
        self._queue: queue.SimpleQueue[Trial | None] = queue.SimpleQueue()
        self._error: Exception | None = None
        self._given_up = threading.Event()
        self._thread = threading.Thread(target=self._work, name="mlflow", daemon=True)
        self._thread.start()

    def record(self, trial: Trial) -> None:
        self._queue.put(trial)

    def close(self, console: Console) -> None:
        """Write what is queued, then stop. Raises what went wrong in the thread."""
        self._queue.put(None)
        address = self._recorder.home.tracking
        deadline = time.monotonic() + PATIENCE
        told = False
        while self._thread.is_alive():
            self._thread.join(timeout=LOOK_SECONDS)
            if self._thread.is_alive() and not tracking.answers(address):
                if not told:
                    console.print(f"waiting for the tracking server at {address}")
                    told = True
                if time.monotonic() > deadline:
                    self._given_up.set()
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        try:
            self._insist(lambda: self._recorder.open(*self._opening))
            while (trial := self._queue.get()) is not None:
                self._insist(partial(self._recorder.record, trial))
        except Exception as error:
            self._error = error

    def _insist(self, write: Callable[[], None]) -> None:
        wait, most = RETRY_SECONDS
        tries = TRIES
        while True:
            try:
                return write()
            except Exception:
                tries -= tracking.answers(self._recorder.home.tracking)
                if tries == 0 or self._given_up.wait(wait):
                    raise
            wait = min(2 * wait, most)
            self._recorder.unsure = True
