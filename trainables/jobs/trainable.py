"""The edge to Ray Tune: a trainable whose trial does a batch of jobs.

A batch is a list of jobs in an order in which each one's inputs exist when its turn comes.
Tune runs it in a warm actor that keeps torch, the data and recent artifacts from batch to batch.
What is done is in the store: a batch begun again, here or elsewhere, skips it.
"""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import ray
from ray import tune

from trainables import fingerprint, plugins
from trainables.jobs.kinds import Job
from trainables.jobs.reports import Report
from trainables.jobs.turn import Turn, TurnLength
from trainables.store import StoreError

if TYPE_CHECKING:  # torch, which the driver need not import
    from trainables.jobs.report import Events


@dataclass(frozen=True)
class Batch:
    """What one Tune trial does, and where. Without jobs, it only gets the worker ready."""

    jobs: tuple[Job, ...]
    store: str
    data_folder: Path
    checkpoint_seconds: float
    decoders: int = 0
    """That decode images, for each worker."""
    turn: TurnLength | None = None
    """After which it ends, done or not, for another batch."""
    code: fingerprint.Code = field(default_factory=fingerprint.here)
    """Of the driver, which makes batches."""
    own: plugins.OwnCode = field(default_factory=plugins.here)
    """The user's own code, of the driver too."""

    def take_code(self) -> str | None:
        """Make this process use the user's own code. Return one line where it cannot, or where its
        code is not the driver's."""
        return self.code.difference(fingerprint.here()) or plugins.adopt(self.own)

    def __repr__(self) -> str:  # Tune logs it
        return f"Batch({[job.title for job in self.jobs[:1]]} and so on, {len(self.jobs)} jobs)"


class Trainable(tune.Trainable):
    """Does batches, and returns a `Report` from each step."""

    def setup(self, config: dict[str, Any]) -> None:
        self._leaving = self._stepping = False
        if threading.current_thread() is threading.main_thread():
            self._exit = signal.signal(signal.SIGTERM, self._leave)
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self._batch: Batch = new_config["batch"]
        return True

    def _leave(self, signum: int, frame: FrameType | None) -> None:
        """Note that the process must end; it does so between two events of its batch."""
        self._leaving = True
        if not self._stepping and callable(self._exit):
            self._exit(signum, frame)

    def step(self) -> dict[str, Any]:
        if self._leaving:  # and the driver has been told
            os._exit(0)
        self._stepping = True
        try:
            refused = self._batch.take_code()
            report = refusal(refused) if refused else self._advance()
            if self._leaving:
                self.cleanup()
            # `done` ends the trial for Tune.
            return {"report": replace(report, leaving=self._leaving), "done": report.done}
        finally:
            self._stepping = False

    def _advance(self) -> Report:
        """Go on with the batch until a report is due."""
        raise NotImplementedError

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Do nothing: the store holds what is done, and the jobs' own checkpoints."""

    def load_checkpoint(self, checkpoint: dict[str, Any] | None) -> None:
        """Do nothing: see `save_checkpoint`."""


def refusal(reason: str) -> Report:
    """Return the report of a worker that must not do its batch."""
    return Report(done=True, refused=reason)


class BatchTrainable(Trainable):
    """Does the jobs in its own process."""

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self._events: Events | None = None
        return super().reset_config(new_config)

    def _advance(self) -> Report:
        from trainables.jobs.executors import executor
        from trainables.jobs.report import advance

        nodes = (ray.get_runtime_context().get_node_id(),)
        try:
            held = executor(self._batch)
        except StoreError as error:
            return Report(done=True, store_error=str(error), nodes=nodes)
        if self._events is None:
            self._turn = Turn(self._batch.turn, held.trained_iterations)
            self._events = held.run_batch(self._batch.jobs)
        report = advance(held, self._events, self._turn, lambda: self._leaving)
        return replace(report, nodes=nodes)

    def cleanup(self) -> None:
        """Close the batch; a training under way stores a checkpoint."""
        if self._events is not None:
            self._events.close()
            self._events = None
