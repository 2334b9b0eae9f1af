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
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ray

from trainables.jobs.reports import Report
from trainables.jobs.trainable import Batch, Trainable, refusal
from trainables.jobs.turn import Turn
from trainables.store import StoreError

if TYPE_CHECKING:  # torch, which the driver need not import
    from trainables.training.team import Team

WAIT_SECONDS = 60.0
"""How long a worker waits for the next batch at a time; the others wait for it meanwhile."""

CLOSE_SECONDS = 300.0
"""How long a group may take to store its checkpoints when it is told to stop."""

END_SECONDS = 60.0
"""And then to end."""

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
        """Closes the batch, whose trainings store checkpoints, and ends the group."""
        if self._group is not None:
            self._group.end()
            self._group = None


TRACEBACK = "Traceback (most recent call last):"


def in_one_line(error: BaseException | None) -> str:
    """What an error says, at most 300 characters. Ray may quote a traceback: of that, what was
    raised."""
    told, _, trace = str(error).partition(TRACEBACK)
    raised = (line for line in trace.splitlines() if line[:1].strip())
    return " ".join(f"{type(error).__name__}: {told} {next(raised, '')}".split())[:300]


class Group:
    """A Ray Train run whose workers do one batch after another."""

    def __init__(self, batch: Batch, worker: dict[str, float]):
        """As many workers as the batch's recipe says, each with the resources `worker`."""
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
        """What the group reports next: nothing where it is starting, or works at what it last
        said; that it is `lost` where it ended without having been told to."""
        from trainables.jobs.report import REPORT_SECONDS

        report: Report | None = ray.get(self._mailbox.take.remote(REPORT_SECONDS))
        if report is None and self.ended:
            report = ray.get(self._mailbox.take.remote(0.0))  # that came meanwhile
            if report is None:
                lost = f"its workers were lost: {self._why()}"
                return Report(done=True, lost=lost)
        return report or Report()

    def _why(self) -> str:
        """One line: of a worker that died rather than of one that noticed."""
        errors = list(getattr(self._error, "worker_failures", {0: self._error}).values())
        return in_one_line(min(errors, key=lambda error: isinstance(error, RuntimeError)))

    def end(self) -> None:
        """After the workers have stored checkpoints of what is under way."""
        begun = ray.get(self._mailbox.end.remote())
        if not begun:  # it waits for room, and ends with this process
            return
        closing = time.monotonic() + CLOSE_SECONDS
        while time.monotonic() < closing and not self.ended:
            if ray.get(self._mailbox.idle.remote(1.0)):
                break
        self._run.join(END_SECONDS)

    def _fit(self) -> None:
        """In a thread: until the group is told to end, or fails."""
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
    """Between a trial and the workers of its group."""

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
        """No batch is handed out any more. Whether the workers have begun to ask for them."""
        async with self._changed:
            self._ending = True
            self._changed.notify_all()
        return self._begun

    async def idle(self, seconds: float) -> bool:
        """Whether no batch is under way; waits for that."""
        return await self._wait(lambda: not self._working, seconds)

    async def take(self, seconds: float) -> Report | None:
        """The oldest report not taken yet; waits for it."""
        if await self._wait(lambda: bool(self._reports), seconds):
            return self._reports.pop(0)
        return None

    async def next(self, after: int, seconds: float) -> tuple[int, Batch | None]:
        """The batch after number `after`; (`after`, None) if none comes; (-1, None) at the end."""
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
        """Keep a report for the trial. Whether the batch is to be closed."""
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


def serve(config: dict[str, Any]) -> None:
    """What each worker of a group does: batch after batch, until told to end."""
    from trainables.training.team import TeamLost, Workers

    try:
        _serve(config["mailbox"], Workers())
    except TeamLost as lost:
        raise RuntimeError(str(lost)) from None


def _serve(mailbox: Any, team: Team) -> None:
    nodes = tuple(sorted(set(team.gather(ray.get_runtime_context().get_node_id()))))
    number = 0
    while True:
        if team.rank == 0:
            message = ray.get(mailbox.next.remote(number, WAIT_SECONDS))
        number, batch = team.decide(message if team.rank == 0 else (0, None))
        if number < 0:
            return
        if batch is not None:
            _do(batch, team, mailbox, nodes)


def _do(batch: Batch, team: Team, mailbox: Any, nodes: tuple[str, ...]) -> None:
    from trainables.jobs.executors import executor
    from trainables.jobs.report import advance

    differences = team.gather(batch.take_code())
    if refused := next(filter(None, differences), None):
        if team.rank == 0:
            ray.get(mailbox.report.remote(refusal(refused)))
        return
    try:
        held = executor(batch, team)
    except StoreError as error:
        if team.rank == 0:
            ray.get(mailbox.report.remote(Report(done=True, store_error=str(error), nodes=nodes)))
        return
    events = held.run_batch(batch.jobs)
    turn = Turn(batch.turn, held.trained_iterations)
    while True:
        report = replace(advance(held, events, turn, lambda: False), nodes=nodes)
        if report.failed:
            # Others may be in the midst of a sum that this one will never join.
            ray.get(mailbox.report.remote(replace(report, done=True)))
            raise RuntimeError(report.failed[0].reason)
        close = team.decide(team.rank == 0 and ray.get(mailbox.report.remote(report)))
        if report.done:
            return
        if close:
            events.close()
            if team.rank == 0:
                ray.get(mailbox.closed.remote())
            return
