"""What Ray Tune costs per batch and per report."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.harness import Row, Setting
from benchmarks.memory import megabytes
from benchmarks.overheads.rows import once
from sweeps.loading import load
from sweeps.placement import Demand
from sweeps.plan import expand
from sweeps.running.handout import Handout
from sweeps.running.schedule import Schedule
from sweeps.running.sites import ThisMachine
from trainables.jobs.kinds import Job
from trainables.jobs.learning import Point
from trainables.jobs.reports import Report
from trainables.store import Leases, Store

BATCHES = 2000
"""Of one job each, which does nothing."""

WORKERS = (2, 16)

REPORTING_BATCHES, REPORTS = 40, 100
"""Batches that report often, and how often each does."""


def tune(setting: Setting) -> list[Row]:
    """Handing out batches and hearing of them, without any work in them."""
    rows = []
    for workers in WORKERS:
        heard = _tune(workers, setting.effort.of(BATCHES), reports=1)
        note = f"{heard.ended} batches of one job that does nothing, on 2 cores; once"
        rows += [
            once(f"Tune, {workers} workers: a batch, driver's processor", heard.cpu * 1e3, "ms",
                  f"{note}; first quarter {heard.cpu_first * 1e3:.1f} ms, last "
                  f"{heard.cpu_last * 1e3:.1f} ms"),
            once(f"Tune, {workers} workers: batches per second", 1 / heard.wall, "1/s", note),
            once(f"Tune, {workers} workers: a batch, of one worker's time",
                  heard.wall * workers, "s", note),
            once(f"Tune, {workers} workers: the driver's memory per 10,000 batches",
                  heard.memory * 10_000, "MB", note),
        ]  # fmt: skip
    batches = setting.effort.of(REPORTING_BATCHES)
    few = _tune(WORKERS[-1], batches, reports=1)
    many = _tune(WORKERS[-1], batches, reports=REPORTS)
    report = (many.cpu - few.cpu) / (REPORTS - 1)
    note = f"{WORKERS[-1]} workers, {batches} batches of {REPORTS} reports less as many of one"
    rows.append(once("Tune: a report of a running batch, driver's processor", report * 1e3,
                      "ms", note))  # fmt: skip
    return rows


class _Heard:
    """An observer that notes the driver's processor time and memory as batches end."""

    def __init__(self) -> None:
        self._seen: list[tuple[float, float, float]] = []

    def job_done(self, job: Job) -> None: ...

    def job_failed(self, job: Job, reason: str, trace: str) -> None:
        raise RuntimeError(trace)

    def job_blocked(self, job: Job, reason: str) -> None:
        raise RuntimeError(reason)

    def training_diverged(self, key: str) -> None: ...

    def evaluated(self, job: Job, point: Point) -> None: ...

    def store_failed(self, reason: str) -> None:
        raise RuntimeError(reason)

    def reported(self, worker: str, report: Report) -> None: ...

    def batch_ended(self, worker: str) -> None:
        self._seen.append((time.monotonic(), time.process_time(), megabytes("VmRSS")))

    def waiting(self) -> None: ...

    def told(self, line: str) -> None: ...

    def look(self) -> None: ...

    @property
    def ended(self) -> int:
        return len(self._seen)

    @property
    def wall(self) -> float:
        """Return seconds per batch over all workers, without the first half, when workers start."""
        return self._slope(0, 0.5, 1)

    @property
    def cpu(self) -> float:
        return self._slope(1, 0.1, 1)

    @property
    def cpu_first(self) -> float:
        return self._slope(1, 0.1, 0.25)

    @property
    def cpu_last(self) -> float:
        return self._slope(1, 0.75, 1)

    @property
    def memory(self) -> float:
        """Return MB per batch over the last three quarters."""
        return self._slope(2, 0.25, 1)

    def _slope(self, column: int, begin: float, end: float) -> float:
        last = len(self._seen) - 1
        first, last = round(begin * last), round(end * last)
        return (self._seen[last][column] - self._seen[first][column]) / (last - first)


def _tune(workers: int, batches: int, reports: int) -> _Heard:
    """Run so many batches of a job each through the product's own Tune run."""
    jobs = _independent(batches)
    heard = _Heard()
    demand = Demand({"CPU": 1.0})
    with (
        tempfile.TemporaryDirectory(prefix="benchmark-") as scratch,
        Leases(Store(scratch), "benchmark") as leases,
        ThisMachine(workers).ready(demand, print),
    ):
        from benchmarks.idle import reporting
        from sweeps.running import tuning
        from sweeps.running.searcher import Settings

        place = Path(scratch)
        settings = Settings(workers, demand, 0, scratch, place, 60.0, place / "tune")
        schedule = Schedule(jobs, workers, batch_seconds=0)
        handout = Handout(schedule, Store(scratch), leases, lambda: workers)
        held = tuning.BatchTrainable
        tuning.BatchTrainable = reporting(reports)  # type: ignore[misc]
        try:
            tuning.run(handout, settings, heard, lambda: False)
        finally:
            tuning.BatchTrainable = held  # type: ignore[misc]
    if heard.ended != batches:
        raise RuntimeError(f"{heard.ended} batches of {batches} ended")
    return heard


def _independent(number: int) -> dict[str, Job]:
    """Return jobs that need nothing: initial weights."""
    one = [f"inits={number}", "rewind=[0]", "orders=2", "subnetworks=[{strategy: dense}]"]
    one += ["recipe.backend=loop"]
    jobs = expand(load("digits-mlp", one)[0]).jobs
    return {key: job for key, job in jobs.items() if not job.inputs}
