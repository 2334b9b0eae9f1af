"""What a worker reports of a batch that is under way, as Tune results.

finished     keys of the jobs done since the last report
failed       (key, one line, traceback) of the jobs that raised since then
blocked      (key, one line) of the jobs that cannot be done as a training they need diverged
diverged     keys of the trainings, made or read since then, that ended in NaN or infinity
running      the trainings that moved and are under way: key, title, begin, iteration, until
stored       (key, iteration) of these: where each would go on if the worker died
measuring    the measurements that are under way: key, title, the share that is done
trained      iterations trained since the last report
busy_seconds time spent in jobs since the last report
store_error  one line, where the store is of no use any more; the batch ends, and no job is blamed
done         true in the last report of a batch, which may have given way to another one
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Generator
from typing import Any

from trainables.jobs.events import (
    Diverged,
    Event,
    Failure,
    InputDiverged,
    Measured,
    Progress,
    nothing,
)
from trainables.jobs.execute import Executor
from trainables.jobs.kinds import Job
from trainables.jobs.turn import Turn
from trainables.store import StoreError

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
    report = nothing()
    running: dict[str, Progress] = {}
    measuring: dict[str, Measured] = {}
    while executor.team.decide(not due()):
        try:
            event = next(events)
        except StopIteration:
            report["done"] = True
            break
        except StoreError as error:
            report |= {"done": True, "store_error": str(error)}
            break
        job = event if isinstance(event, Job) else event.job
        running.pop(job.key, None)
        measuring.pop(job.key, None)
        match event:
            case Job():
                report["finished"].append(job.key)
            case Failure(error=InputDiverged()):
                report["blocked"].append((job.key, str(event.error)))
            case Failure():
                report["failed"].append((job.key, *described(event.error)))
                if executor.team.size > 1:  # the others may not have failed, and are elsewhere now
                    break
            case Diverged():
                report["diverged"].append(job.key)
            case Measured():
                measuring[job.key] = event
            case Progress():
                running[job.key] = event
    report["running"] = [
        (key, one.job.title, one.begin, one.iteration, one.until) for key, one in running.items()
    ]
    report["stored"] = [(key, one.stored) for key, one in running.items()]
    report["measuring"] = [(key, one.job.title, one.share) for key, one in measuring.items()]
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
