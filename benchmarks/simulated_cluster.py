"""`python -m benchmarks.simulated_cluster [SPEC ...] [--workers 1,8,64] [--hardware cpu]`.

A cluster of any size, simulated: workers, the driver that feeds them and the recorder. Batches
come from the product's own schedule, times of jobs from its cost model, and what a sweep costs
besides from measurements (`benchmarks.overheads`, docs/explanation/scaling.md). The same plan gives
the same times, to the bit.

The model: every worker is there after `startup`. The driver does one thing at a time; a batch
costs it `driver_batch` before its worker gets it, and the worker waits `between` besides. Each
report of a running batch costs it `driver_report`: more workers than it can hear in the time
between two reports wait for it, so their jobs take longer. Jobs of a batch go one after another,
stacked ones side by side as far as their inputs allow, and what they make ready is known at once.
The recorder writes one trial at a time, `record` each, beside everything else. Nothing fails.
"""

from __future__ import annotations

import argparse
import heapq
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from sweeps.errors import UserError
from sweeps.loading import builtin_specs, load
from sweeps.plan import cost, expand
from sweeps.plan.hardware import CPU_CORE, HARDWARE, Hardware
from sweeps.running.progress import duration
from sweeps.running.schedule import BATCH_SECONDS, Schedule
from trainables import sizes
from trainables.jobs.kinds import Job

WORKERS = (1, 8, 64, 512)


@dataclass(frozen=True)
class Overheads:
    """Seconds, measured: docs/explanation/scaling.md says on what and how."""

    startup: float = 20.0
    """Ray, and torch in every worker."""
    driver_batch: float = 0.011
    """Of the driver, one after another: handing out a batch and hearing that it ended."""
    between: float = 0.032
    """Of a worker: from the end of a batch to the start of the next, the driver idle."""
    driver_report: float = 0.0015
    """Of the driver: hearing a report of a running batch."""
    report_every: float = 1.0
    """Between two reports of a worker (`trainables.jobs.trainable.REPORT_SECONDS`)."""
    record: float = 0.068
    """Of the recorder: a trial, into SQLite."""


NONE = Overheads(0.0, 0.0, 0.0, 0.0, 1.0, 0.0)
"""A cluster that only does jobs."""


@dataclass(frozen=True)
class Simulated:
    """How a sweep went."""

    seconds: float
    """From the command to its end."""
    busy: float
    """Share of the workers' time that went into jobs, from when they were up."""
    driver: float
    """Share of that time in which the driver was at work."""
    recorder: float
    """The same for the recorder."""
    batches: int


def simulate(
    jobs: Mapping[str, Job],
    workers: int,
    on: Hardware = CPU_CORE,
    overheads: Overheads = NONE,
    batch_seconds: float = BATCH_SECONDS,
) -> Simulated:
    """A cluster of `workers` does `jobs`, inputs first in the mapping."""
    o = overheads
    schedule = Schedule(jobs, workers, batch_seconds)
    idle = workers
    events: list[tuple[float, int, int, list[Job], bool]] = []
    now = driver_free = recorder_free = o.startup
    busy = driver = recorder = 0.0
    turn = 0
    while True:
        while idle and (batch := schedule.next_batch(str(turn))):
            idle -= 1
            driver_free = max(now, driver_free) + o.driver_batch
            driver += o.driver_batch
            time = driver_free + o.between
            slower = _slowdown(workers - idle, o)
            waves = _waves(batch)
            for number, wave in enumerate(waves, 1):
                taken = slower * _seconds(wave, on)
                time += taken
                busy += taken
                driver += o.driver_report * taken / (slower * o.report_every)
                heapq.heappush(events, (time, turn, number, wave, number == len(waves)))
            turn += 1
        if not events:
            break
        now, of, _, wave, last = heapq.heappop(events)
        for job in wave:
            schedule.job_done(job.key)
            if job.kind == "instability":
                recorder_free = max(now, recorder_free) + o.record
                recorder += o.record
        if last:
            schedule.batch_ended(str(of))
            idle += 1
    assert schedule.finished
    # Reports and batches together may be more than the driver can do.
    end = max(now, recorder_free, o.startup + driver)
    length = (end - o.startup) or 1.0
    return Simulated(
        end, busy / (workers * length), driver / length, recorder / length, batches=turn
    )


def _slowdown(running: int, o: Overheads) -> float:
    """How much longer jobs take: a worker's next step waits until its report is heard."""
    return max(o.report_every + o.driver_report, running * o.driver_report) / o.report_every


def _waves(batch: list[Job]) -> list[list[Job]]:
    """The jobs of a batch in turns: those of a turn end together."""
    if batch[0].recipe.backend == "loop":
        return [[job] for job in batch]
    depth: dict[str, int] = {}
    waves: list[list[Job]] = []
    for job in batch:
        depth[job.key] = max((depth.get(i.key, -1) + 1 for i in job.inputs), default=0)
        if depth[job.key] == len(waves):
            waves.append([])
        waves[depth[job.key]].append(job)
    return waves


def _seconds(wave: list[Job], on: Hardware) -> float:
    """Return the seconds of jobs side by side: each one's share, and what a stack of any size pays.

    Where stacks have a fixed size, that is the shares of the copies that fill them up.
    """
    shares = sum(cost.seconds(job, on) for job in wave)
    if not on.places:
        return shares + max(alone(job, on) for job in wave)
    stacked = [
        job.iterations * cost.seconds_per_iteration(job.recipe, on)
        for job in wave
        if job.iterations and job.recipe.backend == "stacked"
    ]
    return shares + -len(stacked) % on.places * max(stacked, default=0.0)


def alone(job: Job, on: Hardware) -> float:
    """Seconds that a stacked training costs more by itself than in a large stack."""
    if job.recipe.backend == "loop":
        return 0.0
    kernels = sizes.facts(job.recipe).kernels * on.seconds_per_kernel
    return job.iterations * kernels * (1 - on.stacked_share)


def union(plans: Iterable[Mapping[str, Job]]) -> dict[str, Job]:
    """The jobs of several sweeps, each once, inputs first: as if they were one sweep."""
    jobs: dict[str, Job] = {}
    for plan in plans:
        for key, job in plan.items():
            jobs.setdefault(key, job)
    return jobs


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulated_cluster")
    parser.add_argument("specs", nargs="*", metavar="SPEC", help="[default: all, and all at once]")
    parser.add_argument("--workers", default=",".join(map(str, WORKERS)), metavar="N,N,...")
    parser.add_argument("--hardware", default="cpu", choices=tuple(HARDWARE))
    given = parser.parse_args()
    try:
        sizes = [int(size) for size in given.workers.split(",")]
    except ValueError:
        parser.error(f"--workers {given.workers}: must be whole numbers with commas between")
    if min(sizes) < 1:
        parser.error(f"--workers {given.workers}: each must be at least 1")
    names = given.specs or builtin_specs()
    # A simulated worker is one core or GPU, and does a whole training.
    recipe = [f"recipe.device={'cpu' if given.hardware == 'cpu' else 'cuda'}", "recipe.workers=1"]
    try:
        plans = {name: dict(expand(load(name, recipe)[0]).jobs) for name in names}
        if len(names) > 1:
            # A schedule takes one backend; `loop` is the one that every network has.
            recipe.append("recipe.backend=loop")
            plans["all of them"] = union(expand(load(name, recipe)[0]).jobs for name in names)
    except UserError as error:
        parser.error(str(error))
    _show(plans, sizes, HARDWARE[given.hardware])
    return 0


def _show(plans: Mapping[str, Mapping[str, Job]], sizes: list[int], on: Hardware) -> None:
    """As Markdown. A time is followed by the share of the workers' time that went into jobs."""
    from rich import box

    table = Table("spec", "jobs", "one worker's work", "longest chain", "workers that help",
                  *(f"{size} workers" for size in sizes), box=box.MARKDOWN)  # fmt: skip
    for name, jobs in plans.items():
        work = sum(cost.seconds(job, on) for job in jobs.values())
        chain = max(cost.critical_paths(jobs.values(), on).values())
        cells = []
        for size in sizes:
            went = simulate(jobs, size, on, Overheads())
            cells.append(f"{duration(went.seconds)} ({went.busy:.0%})")
        table.add_row(
            name, f"{len(jobs):,}", duration(work), duration(chain), f"{work / chain:.0f}", *cells
        )
    Console(width=220, highlight=False).print(table)


if __name__ == "__main__":
    sys.exit(main())
