"""The edge to Ray Tune: a trainable whose trial does a batch of jobs.

A batch is a list of jobs in an order in which each one's inputs exist when its turn comes.
Tune runs it in a warm actor that keeps torch, the data and recent artifacts from batch to batch.
What is done is in the store: a batch begun again, here or elsewhere, skips it.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ray import tune
from ray.tune.result import DONE

from trainables.jobs.kinds import Job
from trainables.store import Store

if TYPE_CHECKING:  # torch, which the driver need not import
    from trainables.jobs.execute import Executor, Progress

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
    running      the training under way: title, begin, iteration, until; or None
    trained      iterations trained since the last report
    busy_seconds time spent in jobs since the last report
    """

    def setup(self, config: dict[str, Any]) -> None:
        import torch

        torch.set_num_threads(1)
        self._executors: dict[tuple[str, Path, float], Executor] = {}
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self._batch: Batch = new_config["batch"]
        self._events: Generator[Progress | Job | tuple[Job, Exception]] | None = None
        return True

    def step(self) -> dict[str, Any]:
        begin = time.monotonic()
        executor = self._executor()
        trained = executor.trained_iterations
        report: dict[str, Any] = {"finished": [], "failed": [], "running": None}
        if self._events is None:
            self._events = _work(executor, self._batch.jobs)
        while time.monotonic() - begin < REPORT_SECONDS:
            try:
                event = next(self._events)
            except StopIteration:
                report[DONE] = True
                break
            match event:
                case Job():
                    report["finished"].append(event.key)
                    report["running"] = None
                case (job, error):
                    line = f"{type(error).__name__}: {error}".splitlines()[0]
                    trace = "".join(traceback.format_exception(error))
                    report["failed"].append((job.key, line, trace))
                    report["running"] = None
                case _:
                    report["running"] = (
                        event.job.title, event.begin, event.iteration, event.until
                    )  # fmt: skip
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


def _work(
    executor: Executor, jobs: tuple[Job, ...]
) -> Generator[Progress | Job | tuple[Job, Exception]]:
    """Does jobs in turn: their progress, then the job; or the job and what it raised.

    Jobs of the batch that need a failed one are passed over.
    """
    failed: set[Job] = set()
    for job in jobs:
        if failed.intersection(job.inputs):
            failed.add(job)
            continue
        try:
            yield from executor.run(job)
        except Exception as error:
            failed.add(job)
            yield (job, error)
        else:
            yield job
