"""What Ray Tune does next, and what a schedule learns of it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import ray
from ray.tune.search import Searcher

from sweeps.placement import Demand
from sweeps.running.handout import Handout
from sweeps.running.turns import IDLE_SECONDS, NUMBER
from trainables.jobs.kinds import Job
from trainables.jobs.learning import Point
from trainables.jobs.reports import Report
from trainables.jobs.trainable import Batch
from trainables.store import StoreError


class Observer(Protocol):
    """Hears what becomes of jobs."""

    def job_done(self, job: Job) -> None: ...

    def job_failed(self, job: Job, reason: str, trace: str) -> None: ...

    def job_blocked(self, job: Job, reason: str) -> None:
        """Hear that a job cannot be done because a training that it needs diverged."""

    def training_diverged(self, key: str) -> None:
        """Hear that the job of this key ended in NaN or infinity, now or in an earlier run."""

    def evaluated(self, job: Job, point: Point) -> None:
        """Hear what a network is worth while it is trained."""

    def store_failed(self, reason: str) -> None:
        """Hear that the store is of no use any more: the run has to stop."""

    def reported(self, worker: str, report: Report) -> None: ...

    def batch_ended(self, worker: str) -> None: ...

    def waiting(self) -> None:
        """Hear, often, that another sweep does all that is left."""

    def told(self, line: str) -> None:
        """Hear what the user should know: what no worker begins for, or that one was lost."""

    def look(self) -> None:
        """Look around; called often. What it raises ends the run."""


@dataclass(frozen=True)
class Settings:
    pending: int
    """Batches that may wait for room at a time: what an autoscaler sees as demand."""
    demand: Demand
    """Of a training."""
    decoders: int
    """That decode images, for each worker."""
    store: str
    data_folder: Path
    checkpoint_seconds: float
    scratch: Path
    """Where Tune keeps its own files."""
    alone: bool = False
    """Whether nobody else has room on this Ray, which is of this run."""
    warm: bool = False
    """Whether workers start before there is work for them. They hold their room for it."""


STALL_SECONDS = 60.0
"""After which a run without any worker says what it waits for."""


class ScheduleSearcher(Searcher):
    """Hands the batches of a schedule to Tune, and tells the schedule what became of them."""

    def __init__(
        self, handout: Handout, settings: Settings, observer: Observer, stop: Callable[[], bool]
    ):
        super().__init__()
        self._handout, self._settings, self._observer = handout, settings, observer
        self._schedule = handout.schedule
        self._stop = stop
        self._handed_out = 0
        self._idle_since: float | None = None
        self._nodes: dict[str, tuple[str, ...]] = {}
        """Batch -> the machines it was last heard from."""
        self._leaving: set[str] = set()
        """Batches whose process said that it was told to end."""
        self.refused: str | None = None
        """Why a worker must do nothing for this sweep: one line."""
        self._pending: set[str] = set()
        """Batches that were handed out and not heard from yet."""
        self._quiet_since = time.monotonic()
        """When no batch was under way any more."""
        self._taken_back: set[str] = set()
        """Batches that were handed out, and taken back before a worker had begun."""

    def set_search_properties(self, *_: Any, **__: Any) -> bool:
        return True

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        try:
            return self._suggest(trial_id)
        except StoreError as error:
            self._observer.store_failed(str(error))
            return Searcher.FINISHED

    def _suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        for job in self._handout.done_elsewhere():
            self._observer.job_done(job)
        if self.refused or self._stop() or self._schedule.finished or self._idle_for(IDLE_SECONDS):
            return Searcher.FINISHED
        self.look_around()
        s, jobs = self._settings, self._handout.next_batch(trial_id)
        if self._handout.out_of_budget:
            return Searcher.FINISHED
        if self._handout.gives_way:
            return None if self._handout.busy else Searcher.FINISHED
        if jobs is None:
            enough = self._handed_out >= min(self._schedule.workers, self._schedule.left)
            if not s.warm or enough or self._handout.idle:
                return None
            jobs = []  # the worker imports its libraries while another does what all wait for
        turn = self._schedule.turn(trial_id) if jobs else None
        batch = Batch(tuple(jobs), s.store, s.data_folder, s.checkpoint_seconds, s.decoders, turn)
        self._handed_out += 1
        self._pending.add(trial_id)
        return {"batch": batch, "worker": dict(s.demand.worker), NUMBER: self._handed_out}

    def _idle_for(self, seconds: float) -> bool:
        now = time.monotonic()
        if not self._handout.idle:
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = now
        return self._idle_since is not None and now - self._idle_since > seconds

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        report: Report = result["report"]
        for one in report.running:
            self._schedule.moved(one.key, one.share)
            self._schedule.stored(trial_id, one.key, one.stored)
        for measuring in report.measuring:
            self._schedule.moved(measuring.key, measuring.share)
        for moment in report.evaluated:
            self._observer.evaluated(self._schedule.jobs[moment.key], moment.point)
        for key in report.finished:
            self._schedule.job_done(key)
            self._observer.job_done(self._schedule.jobs[key])
        for failed in report.failed:
            self._schedule.job_failed(failed.key, failed.reason)
            self._observer.job_failed(self._schedule.jobs[failed.key], failed.reason, failed.trace)
        self.refused = self.refused or report.refused
        for blocked in report.blocked:
            self._schedule.job_failed(blocked.key, blocked.reason)
            self._observer.job_blocked(self._schedule.jobs[blocked.key], blocked.reason)
        for key in report.diverged:
            self._observer.training_diverged(key)
        if report.store_error is not None:
            self._observer.store_failed(report.store_error)
        if report.leaving:
            self._leaving.add(trial_id)
        if report.nodes:  # none while its workers are starting
            self._nodes[trial_id] = report.nodes
            self._pending.discard(trial_id)
            self._observer.reported(trial_id, report)

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        if result and not error:
            self.on_trial_result(trial_id, result)
        taken_back = trial_id in self._taken_back
        self._taken_back.discard(trial_id)
        lost = "its worker process died" if error or not result else result["report"].lost
        if not lost or taken_back:
            self._schedule.batch_ended(trial_id)
        elif not self._stop():
            self._observer.told(f"a batch was lost, as {lost}; it goes on from its checkpoints")
            before = set(self._schedule.failed)
            self._schedule.batch_lost(trial_id, lost, blameless=self._blameless(trial_id))
            for key in self._schedule.failed.keys() - before:
                reason = self._schedule.failed[key]
                self._observer.job_failed(self._schedule.jobs[key], reason, reason)
        with suppress(StoreError):  # its leases expire; whoever asks for work hears of the store
            self._handout.batch_over(trial_id)
        self._observer.batch_ended(trial_id)
        self._nodes.pop(trial_id, None)
        self._pending.discard(trial_id)

    def look_around(self) -> None:
        """Hear whether another sweep of the cluster goes first; call often."""
        self._handout.look_around(len(self._pending))

    def take_back(self, trial_id: str) -> None:
        """Hear that a batch is taken back for which no worker has begun: its jobs are ready again
        when Tune says that its trial has ended."""
        self._taken_back.add(trial_id)

    def look_for_stall(self) -> None:
        """Tell the observer, once, when all that was handed out waits for room; call often."""
        now = time.monotonic()
        if self._nodes or not self._pending:
            self._quiet_since = now
        elif now - self._quiet_since > STALL_SECONDS:
            self._quiet_since = math.inf
            self._observer.told(self._waits_for())

    def _waits_for(self) -> str:
        shape, free = self._settings.demand.worker, ray.available_resources()
        if self._settings.alone:
            return (
                f"no worker has begun for {STALL_SECONDS:.0f} s: its process is still starting, "
                "as the machine is busy with other things"
            )
        return (
            f"no worker has begun for {STALL_SECONDS:.0f} s: one needs "
            + " and ".join(f"{amount:g} {name}" for name, amount in shape.items())
            + "; free are "
            + " and ".join(f"{free.get(name, 0):g} {name}" for name in shape)
        )

    def _blameless(self, trial_id: str) -> bool:
        """Return whether a lost batch's process ended with its machine, or was told to end."""
        alive = {one["NodeID"] for one in ray.nodes() if one["Alive"]}
        return trial_id in self._leaving or not alive.issuperset(self._nodes.get(trial_id, ()))

    def save(self, checkpoint_path: str) -> None:
        """Do nothing: a later run plans again from the store."""

    def restore(self, checkpoint_path: str) -> None:
        """Do nothing: see `save`."""
