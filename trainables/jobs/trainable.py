"""The edge to Ray Tune: a trainable whose trial does a batch of jobs.

A batch is a list of jobs in an order in which each one's inputs exist when its turn comes.
Tune runs it in a warm actor that keeps torch, the data and recent artifacts from batch to batch.
What is done is in the store: a batch begun again, here or elsewhere, skips it.
"""

from __future__ import annotations

import os
import signal
import threading
import time
import traceback
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import ray
from ray import tune
from ray.tune.result import DONE

from trainables.jobs.kinds import Job
from trainables.store import Store

if TYPE_CHECKING:  # torch, which the driver need not import
    from trainables.jobs.execute import Executor, Failure, Progress

REPORT_SECONDS = 1.0
"""How often a running batch reports."""


@dataclass(frozen=True)
class Batch:
    """What one Tune trial does, and where."""

    jobs: tuple[Job, ...]
    store: str
    data_folder: Path
    checkpoint_seconds: float

    def __repr__(self) -> str:  # Tune logs it
        return f"Batch({len(self.jobs)} jobs from {self.jobs[0].title})"


class BatchTrainable(tune.Trainable):
    """Reports, as Tune results:

    finished     keys of the jobs done since the last report
    failed       (key, one line, traceback) of the jobs that raised since then
    running      the trainings that moved and are under way: title, begin, iteration, until
    trained      iterations trained since the last report
    busy_seconds time spent in jobs since the last report
    node         Ray's id of the machine
    leaving      true in the last report of a process that was told to end (SIGTERM: its machine
                 is taken away, say); what was under way has stored checkpoints
    """

    def setup(self, config: dict[str, Any]) -> None:
        self._leaving = self._stepping = False
        if threading.current_thread() is threading.main_thread():
            self._exit = signal.signal(signal.SIGTERM, self._leave)
        self._executors: dict[tuple[str, Path, float], Executor] = {}
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self._batch: Batch = new_config["batch"]
        self._events: Generator[Progress | Job | Failure | None] | None = None
        return True

    def _leave(self, signum: int, frame: FrameType | None) -> None:
        """Between two events of a batch rather than in the midst of an iteration."""
        self._leaving = True
        if not self._stepping and callable(self._exit):
            self._exit(signum, frame)

    def step(self) -> dict[str, Any]:
        if self._leaving:  # and the driver has been told
            os._exit(0)
        self._stepping = True
        try:
            return self._advance()
        finally:
            self._stepping = False

    def _advance(self) -> dict[str, Any]:
        from trainables.jobs.execute import Failure

        begin = time.monotonic()
        executor = self._executor()
        trained = executor.trained_iterations
        report: dict[str, Any] = {"finished": [], "failed": []}
        running: dict[str, tuple[str, int, int, int]] = {}
        if self._events is None:
            self._events = executor.run_batch(self._batch.jobs)
        while time.monotonic() - begin < REPORT_SECONDS and not self._leaving:
            try:
                event = next(self._events)
            except StopIteration:
                report[DONE] = True
                break
            if event is None:
                continue
            job = event if isinstance(event, Job) else event.job
            running.pop(job.key, None)
            if isinstance(event, Job):
                report["finished"].append(job.key)
            elif isinstance(event, Failure):
                line = f"{type(event.error).__name__}: {event.error}".splitlines()[0]
                trace = "".join(traceback.format_exception(event.error))
                report["failed"].append((job.key, line, trace))
            else:
                running[job.key] = (job.title, event.begin, event.iteration, event.until)
        report["node"] = ray.get_runtime_context().get_node_id()
        report["leaving"] = self._leaving
        if self._leaving:
            self.cleanup()
        report["running"] = list(running.values())
        report["trained"] = executor.trained_iterations - trained
        report["busy_seconds"] = time.monotonic() - begin
        return report

    def cleanup(self) -> None:
        """Closes the batch; a training under way stores a checkpoint."""
        if self._events is not None:
            self._events.close()
            self._events = None

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Nothing: the store holds what is done, and the jobs' own checkpoints."""

    def load_checkpoint(self, checkpoint: dict[str, Any] | None) -> None:
        """Nothing: see `save_checkpoint`."""

    def _executor(self) -> Executor:
        place = (self._batch.store, self._batch.data_folder, self._batch.checkpoint_seconds)
        if place not in self._executors:
            from trainables.jobs.execute import Executor

            self._executors[place] = Executor(Store(place[0]), *place[1:])
        return self._executors[place]
