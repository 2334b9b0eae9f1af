"""How far a plan gets within a time: its schedule, run through without doing anything."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from sweeps.home import Home
from sweeps.plan import Plan
from sweeps.plan.cost import seconds
from sweeps.plan.hardware import CPU_CORE, Hardware
from sweeps.recording.submissions import sweep_key
from sweeps.running.meter import Meter
from sweeps.running.schedule import Schedule
from sweeps.spec.budget import Budget
from trainables.jobs.kinds import Job


@dataclass(frozen=True)
class Forecast:
    """What is done when a time is over."""

    jobs: int
    """Of those to do."""
    trials: int
    """Of the plan, with all that is measured of them; those that were there included."""
    seconds: float
    """When the last of these jobs is done."""


def forecast(
    plan: Plan,
    needed: Mapping[str, Job],
    workers: int,
    limit: float,
    on: Hardware = CPU_CORE,
) -> Forecast:
    """Return how far workers get with the jobs that are `needed` within `limit` seconds.

    Batches are handed out as in a run: of each the first jobs, those that would not end later.
    """
    schedule = Schedule(needed, workers, on=on)
    running: list[tuple[float, int, list[Job]]] = []
    free, number, now = workers, 0, on.seconds_to_start
    done = 0
    last = 0.0
    while True:
        while free and (batch := schedule.next_batch(str(number))) is not None:
            ends = [one for one in _ends(batch, now, on) if one <= limit]
            batch = schedule.shorten(str(number), len(ends))
            if not batch:
                free = 0
                break
            heapq.heappush(running, (ends[-1], number, batch))
            free, number = free - 1, number + 1
        if not running:
            break
        now, ended, batch = heapq.heappop(running)
        for job in batch:
            schedule.job_done(job.key)
        schedule.batch_ended(str(ended))
        done, last = done + len(batch), now
        free += 1
    missing = needed.keys() - schedule.done
    trials = sum(missing.isdisjoint(trial.measured) for trial in plan.trials)
    return Forecast(done, trials, last)


def _ends(batch: Iterable[Job], now: float, on: Hardware) -> list[float]:
    """When the jobs of a batch are done that begins now."""
    return list(accumulate((seconds(job, on) for job in batch), initial=now))[1:]


def within(
    budget: Budget,
    home: Home,
    plan: Plan,
    complete: Collection[str],
    workers: int,
    on: Hardware = CPU_CORE,
) -> dict[str, Any]:
    """Return how much of a plan the budget that is left allows, as plain numbers.

    `seconds` that are left with so many workers; `jobs` that fit of those `to_do`; `trials` that
    will be complete `of_trials`.
    """
    meter = Meter(budget, home.spent, sweep_key(plan))
    each = plan.spec.recipe.workers
    limits = [3600 * budget.hours - meter.seconds] if budget.hours is not None else []
    if budget.cost is not None and budget.price_per_hour is not None:
        paid = 3600 * budget.cost / budget.price_per_hour - meter.worker_seconds
        limits.append(paid / (workers * each))
    left = max(0.0, min(limits))
    needed = plan.needed(complete)
    found = forecast(plan, needed, workers, left, on)
    return {
        "seconds": left,
        "jobs": found.jobs,
        "to_do": len(needed),
        "trials": found.trials,
        "of_trials": len(plan.trials),
    }
