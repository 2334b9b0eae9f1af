"""What a worker reports of a batch that is under way, as Tune results.

finished     keys of the jobs done since the last report
failed       (key, one line, traceback) of the jobs that raised since then
running      the trainings that moved and are under way: key, title, begin, iteration, until
measuring    the measurements that are under way: key, title, the share that is done
trained      iterations trained since the last report
busy_seconds time spent in jobs since the last report
done         true in the last report of a batch, which may have given way to another one
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Generator
from typing import Any

from trainables.jobs.events import Event, Failure, Measured
from trainables.jobs.execute import Executor
from trainables.jobs.kinds import Job
from trainables.jobs.turn import Turn

REPORT_SECONDS = 1.0
"""How often a running batch reports."""

Events = Generator[Event]


def advance(
    executor: Executor, events: Events, turn: Turn, leave: Callable[[], bool]
) -> dict[str, Any]:
    """Go on with a batch until a report is due, or until `leave()`; a team at the same event.

    When its turn is over a report is due, and the batch is closed: what is under way stores
    checkpoints.
    """

    begin = time.monotonic()

    def turn_over() -> bool:
        return turn.over(executor.trained_iterations)

    def due() -> bool:
        return time.monotonic() - begin >= REPORT_SECONDS or turn_over() or leave()

    trained = executor.trained_iterations
    report: dict[str, Any] = {"finished": [], "failed": [], "done": False}
    running: dict[str, tuple[str, str, int, int, int]] = {}
    measuring: dict[str, tuple[str, str, float]] = {}
    while executor.team.decide(not due()):
        try:
            event = next(events)
        except StopIteration:
            report["done"] = True
            break
        job = event if isinstance(event, Job) else event.job
        running.pop(job.key, None)
        measuring.pop(job.key, None)
        if isinstance(event, Job):
            report["finished"].append(job.key)
        elif isinstance(event, Failure):
            report["failed"].append((job.key, *described(event.error)))
            if executor.team.size > 1:  # the others may not have failed, and are elsewhere now
                break
        elif isinstance(event, Measured):
            measuring[job.key] = (job.key, job.title, event.share)
        else:
            running[job.key] = (job.key, job.title, event.begin, event.iteration, event.until)
    report["running"], report["measuring"] = list(running.values()), list(measuring.values())
    if not (report["done"] or report["failed"]) and executor.team.decide(turn_over()):
        events.close()
        report["done"] = True
    report["trained"] = executor.trained_iterations - trained
    report["busy_seconds"] = time.monotonic() - begin
    return report


def described(error: BaseException) -> tuple[str, str]:
    """One line, and the traceback."""
    line = f"{type(error).__name__}: {error}".splitlines()[0]
    return line, "".join(traceback.format_exception(error))
