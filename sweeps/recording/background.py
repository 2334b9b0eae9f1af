"""A recorder in a thread of its own, with the patience that servers and locks need."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from rich.console import Console

from sweeps.plan import Plan, Trial
from sweeps.recording import faults
from sweeps.recording.recorder import Recorder
from trainables.jobs.kinds import Training
from trainables.jobs.learning import Point

PATIENCE = 300.0
"""Seconds that a sweep which is done waits for a server that is away, or a locked database."""

RETRY_SECONDS = 1.0, 30.0
"""Between two tries: at first, and at most."""

LOOK_SECONDS = 10.0
"""Between two looks at what is still to be written, once a sweep is done."""

TRIES = 3
"""Of what fails for no reason that passes: an outage may just have ended."""


class BackgroundRecorder:
    """A recorder in a thread of its own, so that writing never holds up the handing out of jobs.

    While the tracking server is away or the database locked, what is to be written waits.
    """

    def __init__(self, recorder: Recorder, spec_text: str, plan_facts: Mapping[str, Any]):
        self._recorder = recorder
        self._opening = (spec_text, plan_facts)
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._error: Exception | None = None
        self._given_up = threading.Event()
        self._waiting = False
        """For a fault to pass."""
        self._thread = threading.Thread(target=self._work, name="mlflow", daemon=True)
        self._thread.start()

    def record(self, trial: Trial) -> None:
        self._queue.put(partial(self._recorder.record, trial))

    def grow(self, plan: Plan) -> None:
        self._queue.put(partial(self._recorder.grow, plan))

    def point(self, job: Training, point: Point) -> None:
        self._queue.put(partial(self._recorder.point, job, point))

    def finish(self, job: Training) -> None:
        self._queue.put(partial(self._recorder.finish, job))

    def close(self, console: Console, complete: bool, unmeasured: int = 0) -> None:
        """Write what is queued, end the submission as `Recorder.close` does, and stop.

        Raises RecordingError.
        """
        self._ending = complete, unmeasured
        self._queue.put(None)
        home = self._recorder.home
        deadline = time.monotonic() + PATIENCE
        told = False
        while self._thread.is_alive():
            self._thread.join(timeout=LOOK_SECONDS)
            if self._thread.is_alive() and self._waiting:
                if not told:
                    console.print(f"waiting for {faults.awaited(home)}", soft_wrap=True)
                    told = True
                if time.monotonic() > deadline:
                    self._given_up.set()
        for note in self._recorder.notes:
            console.print(note, soft_wrap=True)
        if self._error is not None:
            raise faults.explain(self._error, home) from self._error

    def _work(self) -> None:
        try:
            self._insist(lambda: self._recorder.open(*self._opening))
            while (write := self._queue.get()) is not None:
                self._insist(write)
            self._insist(lambda: self._recorder.close(*self._ending))
        except Exception as error:
            self._error = error

    def _insist(self, write: Callable[[], None]) -> None:
        wait, most = RETRY_SECONDS
        tries = TRIES
        while True:
            try:
                write()
                self._waiting = False
                return
            except Exception as error:
                self._waiting = faults.passes(error, self._recorder.home)
                tries -= not self._waiting
                if tries == 0 or self._given_up.wait(wait):
                    raise
            wait = min(2 * wait, most)
            self._recorder.unsure = True
