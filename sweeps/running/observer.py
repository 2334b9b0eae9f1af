"""What a run does with what it hears: the tally, the records, the log of failures."""

from __future__ import annotations

import time
from pathlib import Path

from sweeps.plan.graph import training_keys
from sweeps.recording.background import BackgroundRecorder
from sweeps.running.growth import Growth
from sweeps.running.handout import Handout
from sweeps.running.meter import Meter
from sweeps.running.outcome import Outcome
from sweeps.running.progress import Measuring, ProgressView, Running
from sweeps.running.sites import Site
from sweeps.running.stopping import Stopping
from sweeps.running.watch import LOOK_SECONDS
from trainables.jobs.kinds import Job, Training
from trainables.jobs.learning import Point
from trainables.jobs.reports import Report


class RunObserver:
    """Keeps the tally, feeds the recorder and writes failures to the log."""

    def __init__(
        self,
        growth: Growth,
        handout: Handout,
        writer: BackgroundRecorder,
        view: ProgressView,
        outcome: Outcome,
        stopping: Stopping,
        log: Path,
        site: Site,
        meter: Meter,
    ):
        self._meter = meter
        self._site, self._looked = site, time.monotonic()
        self._growth, self._stopping = growth, stopping
        self._stops_at_divergence = growth.plan.spec.on_divergence == "stop"
        self._diverged: set[str] = set()
        self._handout, self._schedule = handout, handout.schedule
        self._writer, self._view = writer, view
        self._outcome, self._tally, self._log = outcome, outcome.tally, log
        self._last_report = 0.0
        self._room = 0.0
        """Worker-seconds that there were, up to the last report."""
        self._starting = 0.0
        """Of the worker-seconds out of work, those before the first report."""
        self.machines: set[str] = set()

    def job_done(self, job: Job) -> None:
        self._tally.jobs_done += 1
        self._tally.trained |= training_keys([job])
        if isinstance(job, Training) and job.iterations and job.evaluation is not None:
            self._writer.finish(job)
        for trial in self._growth.plan.trials_of.get(job.key, ()):
            self._writer.record(trial)
        self._growth.hear(job)
        if self._growth.due(busy=self._schedule.ready):
            self._grow()

    def _grow(self) -> None:
        """Take on what has come to the plan."""
        grown = self._growth.grow(self._schedule.done, self._schedule.jobs.keys())
        self._schedule.add(grown.jobs)
        self._tally.grow(grown, self._growth.at_most)
        self._writer.grow(grown.plan)
        for job in self._growth.evaluated(grown):
            self._writer.finish(job)
        for trial in grown.trials:
            if not all(key in grown.jobs for key in trial.measured):
                self._writer.record(trial)

    def job_failed(self, job: Job, reason: str, trace: str) -> None:
        self._tally.failed += 1
        self._outcome.failed[job] = reason
        with self._log.open("a", encoding="utf-8") as log:
            log.write(
                f"{time.strftime('%Y-%m-%d %H:%M:%S')} {job.title} ({job.key}) failed\n{trace}\n"
            )

    def job_blocked(self, job: Job, reason: str) -> None:
        self._outcome.blocked[job] = reason

    def evaluated(self, job: Job, point: Point) -> None:
        assert isinstance(job, Training)
        self._writer.point(job, point)

    def training_diverged(self, key: str) -> None:
        self._diverged.add(key)
        self._tally.diverged = len(self._diverged)
        if self._stops_at_divergence and not self._stopping():
            job = self._outcome.stopped_by = self._growth.plan.jobs[key]
            self._stopping.because(f"{job.title} diverged (on_divergence: stop)")

    def store_failed(self, reason: str) -> None:
        self._stopping.because(reason)

    def reported(self, worker: str, report: Report) -> None:
        now = time.monotonic()
        busy = report.busy_seconds
        if self._tally.first_report is None:
            self._tally.first_report = now - busy
            self._starting = self._handout.seconds_out_of_work
            self._outcome.worker_startup_seconds = now - busy - self._tally.begun
        self._room += self._schedule.workers * (
            now - max(self._last_report, self._tally.first_report)
        )
        self._last_report = now
        self.machines.update(report.nodes)
        self._tally.busy_seconds += busy
        self._schedule.worked(worker, busy)
        self._tally.iterations += report.trained
        self._view.running.pop(worker, None)
        if running := report.running:
            title = running[0].title
            if len(running) > 1:
                title = f"{len(running)} trainings side by side"
            begin, iteration, until = (
                sum(getattr(one, name) for one in running)
                for name in ("begin", "iteration", "until")
            )
            rate = report.trained / busy
            self._view.running[worker] = Running(title, begin, iteration, until, rate)
        elif report.measuring:
            last = report.measuring[-1]
            self._view.running[worker] = Measuring(last.title, last.share)
        self._show()

    def waiting(self) -> None:
        self._show()

    def _show(self) -> None:
        self._tally.gives_way = self._handout.gives_way
        self._view.update()

    def look(self) -> None:
        self._meter.tick()
        if time.monotonic() - self._looked > LOOK_SECONDS:
            self._looked = time.monotonic()
            self._site.check()

    def told(self, line: str) -> None:
        self._view.console.print(line, soft_wrap=True)

    def batch_ended(self, worker: str) -> None:
        self._view.running.pop(worker, None)

    def measure_overhead(self) -> None:
        tally = self._tally
        room = self._room
        if not room or not tally.jobs_done:
            return
        idle = max(0.0, room - tally.busy_seconds)
        out_of_work = min(idle, self._handout.seconds_out_of_work - self._starting)
        self._outcome.utilisation = tally.busy_seconds / room
        self._outcome.out_of_work = out_of_work / room
        self._outcome.overhead_seconds_per_job = (idle - out_of_work) / tally.jobs_done
