"""One training on several workers: a Tune trial whose batches a Ray Train worker group does.

The trial holds no CPU and no GPU, only a `trial_driver`; the group's workers hold those. Starting a
group takes tens of seconds, so it stays for the trials that follow, as a warm actor does:

    trial  --batch-->  Mailbox (an actor)  --batch-->  every worker, by way of the first
           <-reports-                      <-reports-  the first worker

Every worker does all of a batch's jobs together with the others (`trainables.training.team`).
Errors end the group: what one worker raises, others wait for in vain. Where a worker is lost, the
batch is, and comes again: its trainings go on from their checkpoints in the store.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import ray

from trainables.jobs.reports import Report
from trainables.jobs.team_worker import serve
from trainables.jobs.trainable import Batch, Trainable

CLOSE_SECONDS = 300.0
"""How long a group may take to store its checkpoints when it is told to stop."""

END_SECONDS = 60.0
"""How long it may then take to end."""

TRAIN_SETTINGS = {
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.5",
    # Room may come late: an autoscaler's machine, or the end of another sweep's training of days.
    "RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": "10000000",
    # What these would say goes nowhere.
    "RAY_TRAIN_METRICS_ENABLED": "0",
    "RAY_TRAIN_ENABLE_CONTROLLER_STRUCTURED_LOGGING": "0",
    "RAY_TRAIN_ENABLE_WORKER_STRUCTURED_LOGGING": "0",
    # A worker whose machine goes is a lost worker.
    "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": "0",
}


class TeamTrainable(Trainable):
    """Has a Ray Train worker group do the jobs."""

    def setup(self, config: dict[str, Any]) -> None:
        self._group: Group | None = None
        super().setup(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self._under_way = False
        return super().reset_config(new_config)

    def _advance(self) -> Report:
        if self._group is None:
            self._group = Group(self._batch, self.config["worker"])
        if not self._under_way:
            self._group.post(self._batch)
            self._under_way = True
        report = self._group.report()
        if report.done:
            self._under_way = False
        if report.failed or report.lost or report.refused:
            self.cleanup()
        return report

    def cleanup(self) -> None:
        """Close the batch, whose trainings store checkpoints, and end the group."""
        if self._group is not None:
            self._group.end()
            self._group = None


TRACEBACK = "Traceback (most recent call last):"


def in_one_line(error: BaseException | None) -> str:
    """Return what an error says, in at most 300 characters.

    Where Ray quotes a traceback, only the error that was raised stays of it.
    """
    told, _, trace = str(error).partition(TRACEBACK)
    raised = (line for line in trace.splitlines() if line[:1].strip())
    return " ".join(f"{type(error).__name__}: {told} {next(raised, '')}".split())[:300]


class Group:
    """A Ray Train run whose workers do one batch after another."""

    def __init__(self, batch: Batch, worker: dict[str, float]):
        """Start as many workers as the batch's recipe says, each with the resources `worker`."""
        self._recipe = batch.jobs[0].recipe
        self._worker = worker
        self._mailbox = Mailbox.remote()  # type: ignore[attr-defined]
        self._number = 0
        self._error: BaseException | None = None
        self._run = threading.Thread(target=self._fit, name="worker group", daemon=True)
        self._run.start()

    @property
    def ended(self) -> bool:
        return not self._run.is_alive()

    def post(self, batch: Batch) -> None:
        self._number += 1
        ray.get(self._mailbox.post.remote(self._number, batch))

    def report(self) -> Report:
        """Return the group's next report; an empty one while it starts or has nothing new to say.

        The report says `lost` where the group ended without having been told to.
        """
        from trainables.jobs.report import REPORT_SECONDS

        report: Report | None = ray.get(self._mailbox.take.remote(REPORT_SECONDS))
        if report is None and self.ended:
            report = ray.get(self._mailbox.take.remote(0.0))  # that came meanwhile
            if report is None:
                lost = f"its workers were lost: {self._why()}"
                return Report(done=True, lost=lost)
        return report or Report()

    def _why(self) -> str:
        """Return one line about a worker that died rather than about one that noticed."""
        errors = list(getattr(self._error, "worker_failures", {0: self._error}).values())
        return in_one_line(min(errors, key=lambda error: isinstance(error, RuntimeError)))

    def end(self) -> None:
        """End the group after its workers have stored checkpoints of what is under way."""
        begun = ray.get(self._mailbox.end.remote())
        if not begun:  # it waits for room, and ends with this process
            return
        closing = time.monotonic() + CLOSE_SECONDS
        while time.monotonic() < closing and not self.ended:
            if ray.get(self._mailbox.idle.remote(1.0)):
                break
        self._run.join(END_SECONDS)

    def _fit(self) -> None:
        """Run the group, in a thread, until it is told to end or fails."""
        from ray.train import FailureConfig, RunConfig, ScalingConfig
        from ray.train.torch import TorchConfig, TorchTrainer

        from trainables.training.team import TIMEOUT

        os.environ.update(TRAIN_SETTINGS)
        gpu = self._worker.get("GPU", 0) > 0
        try:
            TorchTrainer(
                serve,
                train_loop_config={"mailbox": self._mailbox},
                torch_config=TorchConfig(
                    backend="cpu:gloo,cuda:nccl" if gpu else "gloo",
                    timeout_s=int(TIMEOUT.total_seconds()),
                ),
                scaling_config=ScalingConfig(
                    num_workers=self._recipe.workers,
                    use_gpu=gpu,
                    resources_per_worker=self._worker,
                ),
                run_config=RunConfig(
                    name=f"group-{uuid.uuid4().hex[:8]}",
                    storage_path=str(Path.cwd()),  # of a Tune trial: nothing is kept there
                    # A lost batch is handed out again by the sweep's own schedule.
                    failure_config=FailureConfig(max_failures=0, controller_failure_limit=1),
                ),
            ).fit()
        except BaseException as error:
            self._error = error


@ray.remote(num_cpus=0)
class Mailbox:
    """Carries batches and reports between a trial and the workers of its group."""

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._posted: tuple[int, Batch] | None = None
        self._reports: list[Report] = []
        self._begun = self._working = self._ending = False

    async def post(self, number: int, batch: Batch) -> None:
        async with self._changed:
            self._posted = number, batch
            self._changed.notify_all()

    async def end(self) -> bool:
        """Hand out no more batches. Return whether the workers have begun to ask for them."""
        async with self._changed:
            self._ending = True
            self._changed.notify_all()
        return self._begun

    async def idle(self, seconds: float) -> bool:
        """Wait until no batch is under way; return whether that is so."""
        return await self._wait(lambda: not self._working, seconds)

    async def take(self, seconds: float) -> Report | None:
        """Wait for the oldest report not taken yet; return it, or None if none came in time."""
        if await self._wait(lambda: bool(self._reports), seconds):
            return self._reports.pop(0)
        return None

    async def next(self, after: int, seconds: float) -> tuple[int, Batch | None]:
        """Return the batch after number `after`, or (`after`, None) if none comes in time.

        At the end, return (-1, None).
        """
        self._begun = True

        def there() -> bool:
            return self._ending or (self._posted is not None and self._posted[0] > after)

        if not await self._wait(there, seconds):
            return after, None
        if self._ending or self._posted is None:
            return -1, None
        self._working = True
        return self._posted

    async def report(self, report: Report) -> bool:
        """Keep a report for the trial. Return whether the batch is to be closed."""
        async with self._changed:
            self._reports.append(report)
            if report.done:
                self._working = False
            self._changed.notify_all()
        return self._ending

    async def closed(self) -> None:
        async with self._changed:
            self._working = False
            self._changed.notify_all()

    async def _wait(self, there: Any, seconds: float) -> bool:
        async with self._changed:
            try:
                await asyncio.wait_for(self._changed.wait_for(there), seconds)
            except TimeoutError:
                return bool(there())
            return True
