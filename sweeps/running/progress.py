"""Show a run: a live line on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskID
from rich.text import Text

from sweeps.plan import Plan
from sweeps.plan.graph import trainings
from sweeps.running.growth import Grown
from sweeps.running.schedule import Schedule
from trainables.jobs.kinds import Job

PLAIN_SECONDS = 10.0
"""Between two lines where there is no terminal."""

CLOCK_SECONDS = 1.0
PLAIN_CLOCK_SECONDS = 10.0
"""Between two looks at how long workers take to start: on a terminal, and elsewhere."""


@dataclass(frozen=True)
class Running:
    """The training under way in a worker, from iteration `begin` to `until`."""

    title: str
    begin: int
    iteration: int
    until: int
    rate: float
    """Iterations per second."""

    def __str__(self) -> str:
        return f"{self.title}: {self.iteration}/{self.until}, {pace(self.rate)}"


@dataclass(frozen=True)
class Measuring:
    """The measurement under way in a worker."""

    title: str
    share: float
    """Of it that is done."""

    def __str__(self) -> str:
        return f"{self.title}: {self.share:.0%}"


@dataclass
class Tally:
    """What a run has done so far."""

    jobs: int
    trainings: int
    reused: int
    """Jobs of the plan that needed nothing: the store had them, or what they lead to."""
    at_most: int | None = None
    """Jobs that there may be in the end, where that depends on what comes out."""
    jobs_done: int = 0
    trained: set[str] = field(default_factory=set)
    """Keys of the trainings that are done."""
    failed: int = 0
    diverged: int = 0
    """Trainings that ended in NaN or infinity, those of earlier runs that were read included."""
    iterations: int = 0
    busy_seconds: float = 0.0
    """Time that workers spent in jobs, summed over workers."""
    gives_way: bool = False
    """Whether nothing is handed out while a sweep of higher priority waits for room."""
    begun: float = field(default_factory=time.monotonic)
    first_report: float | None = None
    """When the first worker reported: start-up ends there."""

    @classmethod
    def of(cls, plan: Plan, needed: Mapping[str, Job], at_most: int) -> Tally:
        """Return that of a run which has done nothing yet. `at_most` jobs: 0 if known."""
        reused = len(plan.jobs) - len(needed)
        found = cls(len(needed), trainings(needed.values()), reused)
        found.at_most = at_most - reused if at_most else None
        return found

    def grow(self, grown: Grown, at_most: int) -> None:
        """Count what has come to the plan, of which there may be `at_most` jobs in the end."""
        self.jobs += len(grown.jobs)
        self.trainings += trainings(grown.jobs.values())
        self.reused = len(grown.plan.jobs) - self.jobs
        self.at_most = at_most - self.reused

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.begun

    @property
    def more(self) -> str:
        """What else there may be, in a few words; empty where that is known."""
        if self.at_most is None or self.at_most <= self.jobs:
            return ""
        return f" (up to about {self.at_most:,})"


class ProgressView:
    """Shows a tally. Call `update` often; it draws when it is time. Use as a context manager."""

    def __init__(self, console: Console, tally: Tally, schedule: Schedule):
        self.console, self.tally, self.schedule = console, tally, schedule
        self.running: dict[str, Running | Measuring] = {}
        """By Tune trial."""
        self._report: Path | None = None
        """The report so far, once there is one."""
        self._plain_at = time.monotonic()
        self._live: Live | None = None
        self._started = threading.Event()
        """Set once there is progress to show."""
        self._clock = threading.Thread(target=self._tell_time, daemon=True)

    def __enter__(self) -> ProgressView:
        if self.console.is_terminal:
            self._bar = Progress(BarColumn(bar_width=60), console=self.console)
            self._task: TaskID = self._bar.add_task("", total=self.tally.jobs)
            self._live = Live(console=self.console, refresh_per_second=4, transient=True)
            self._live.start()
            self._live.update(Text("starting workers"), refresh=True)
        else:
            self.console.print("starting workers", highlight=False)
        self._clock.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._started.set()
        self._clock.join()
        if self._live:
            self._live.stop()
        elif self.tally.jobs_done:
            self.console.print(self.line(None), highlight=False)

    def update(self) -> None:
        """Show what the tally and the schedule say now, where it is time."""
        self._started.set()
        left = self.schedule.seconds_left
        if self._live:
            self._bar.update(self._task, completed=self.tally.jobs_done)
            lines = [Text(f"  {running}", style="dim") for running in self.running.values()]
            if self._report is not None:
                lines.append(Text(_so_far(self._report)))
            self._live.update(Group(self._bar, Text(self.line(left)), *lines))
        elif time.monotonic() - self._plain_at > PLAIN_SECONDS:
            self._plain_at = time.monotonic()
            self.console.print(self.line(left), highlight=False)

    def reported(self, report: Path) -> None:
        """Say where the report of what is done so far lies."""
        self._report = report
        if self._live is None:
            self.console.print(_so_far(report), soft_wrap=True, highlight=False)

    def _tell_time(self) -> None:
        """Say how long the start of the workers takes: until then nobody calls `update`."""
        while not self._started.wait(CLOCK_SECONDS if self._live else PLAIN_CLOCK_SECONDS):
            line = f"starting workers: {duration(self.tally.seconds)}"
            if self._live:
                self._live.update(Text(line), refresh=True)
            else:
                self.console.print(line, highlight=False)

    def line(self, left: float | None) -> str:
        t = self.tally
        parts = [
            f"{t.jobs_done} of {t.jobs} jobs{t.more}",
            f"{len(t.trained)} of {t.trainings} trainings",
            f"{pace(t.iterations / max(t.busy_seconds, 1e-9))} a worker",
        ]
        if t.reused:
            parts.append(f"{t.reused} reused")
        if waiting := len(self.schedule.elsewhere):
            parts.append(f"waiting for {waiting} that another sweep does")
        if t.gives_way:
            parts.append("gives way to a sweep of higher priority")
        if t.failed:
            parts.append(f"{t.failed} failed")
        if t.diverged:
            parts.append(f"{t.diverged} diverged")
        if not self._live:
            parts += map(str, self.running.values())
        parts.append(f"{duration(t.seconds)} gone")
        if left is not None:
            parts.append(f"{'at least' if t.more else 'about'} {duration(left)} left")
        return " · ".join(parts)


def _so_far(report: Path) -> str:
    return f"report so far: {report}"


def pace(rate: float) -> str:
    """Return a rate as `1,234 it/s`, or `0.27 it/s` where an iteration takes seconds."""
    return f"{rate:,.0f} it/s" if rate >= 10 else f"{rate:.2g} it/s"


def duration(seconds: float) -> str:
    """Return a duration as `12 s`, `3 min 5 s` or `2 h 10 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"
