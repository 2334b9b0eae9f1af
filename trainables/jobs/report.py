"""Go on with a batch until there is something to report."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from trainables.jobs import reports
from trainables.jobs.events import (
    Diverged,
    Evaluated,
    Event,
    Failure,
    InputDiverged,
    Measured,
    Progress,
)
from trainables.jobs.execute import Executor
from trainables.jobs.kinds import Job
from trainables.jobs.reports import Blocked, Failed, Measuring, Report, Running
from trainables.jobs.turn import Turn
from trainables.store import StoreError

REPORT_SECONDS = 1.0
"""How often a running batch reports."""

Events = Generator[Event]


@dataclass
class _Seen:
    """What has happened since the last report."""

    finished: list[str] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    blocked: list[Blocked] = field(default_factory=list)
    diverged: list[str] = field(default_factory=list)
    running: dict[str, Running] = field(default_factory=dict)
    measuring: dict[str, Measuring] = field(default_factory=dict)
    evaluated: list[reports.Evaluated] = field(default_factory=list)

    def add(self, event: Event) -> None:
        if isinstance(event, Evaluated):
            self.evaluated.append(reports.Evaluated(event.job.key, event.point))
            return
        job = event if isinstance(event, Job) else event.job
        self.running.pop(job.key, None)
        self.measuring.pop(job.key, None)
        match event:
            case Job():
                self.finished.append(job.key)
            case Failure(error=InputDiverged()):
                self.blocked.append(Blocked(job.key, str(event.error)))
            case Failure():
                self.failed.append(Failed(job.key, *described(event.error)))
            case Diverged():
                self.diverged.append(job.key)
            case Measured():
                self.measuring[job.key] = Measuring(job.key, job.title, event.share)
            case Progress():
                self.running[job.key] = Running(
                    job.key, job.title, event.begin, event.iteration, event.until, event.stored
                )


def advance(executor: Executor, events: Events, turn: Turn, leave: Callable[[], bool]) -> Report:
    """Go on with a batch until a report is due, or until `leave()`; a team at the same event.

    When its turn is over a report is due, and the batch is closed: what is under way stores
    checkpoints.
    """
    begin, trained = time.monotonic(), executor.trained_iterations

    def turn_over() -> bool:
        return turn.over(executor.trained_iterations)

    def due() -> bool:
        return time.monotonic() - begin >= REPORT_SECONDS or turn_over() or leave()

    seen, done, store_error = _Seen(), False, None
    while executor.team.decide(not due()):
        try:
            seen.add(next(events))
        except StopIteration:
            done = True
            break
        except StoreError as error:
            done, store_error = True, str(error)
            break
        if seen.failed and executor.team.size > 1:  # the others may not have failed: elsewhere now
            break
    if not (done or seen.failed) and executor.team.decide(turn_over()):
        events.close()
        done = True
    return Report(
        finished=tuple(seen.finished),
        failed=tuple(seen.failed),
        blocked=tuple(seen.blocked),
        diverged=tuple(seen.diverged),
        running=tuple(seen.running.values()),
        measuring=tuple(seen.measuring.values()),
        evaluated=tuple(seen.evaluated),
        trained=executor.trained_iterations - trained,
        busy_seconds=time.monotonic() - begin,
        done=done,
        store_error=store_error,
    )


def described(error: BaseException) -> tuple[str, str]:
    """Return an error as one line, and its traceback."""
    line = f"{type(error).__name__}: {error}".splitlines()[0]
    return line, "".join(traceback.format_exception(error))
