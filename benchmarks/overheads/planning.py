"""What a plan and its schedule cost for large sweeps."""

from __future__ import annotations

import time

from benchmarks.harness import Row, Setting
from benchmarks.memory import megabytes
from benchmarks.overheads.rows import once
from sweeps.loading import load
from sweeps.plan import Plan, expand
from sweeps.plan.summary import summarize
from sweeps.running.schedule import Schedule
from trainables.jobs.kinds import Job

PLANNED = (300, 3000)
"""Inits of digits-mlp: 33 trials each."""


def planning(setting: Setting) -> list[Row]:
    """Measure the way from a spec to a schedule that is worked off, without doing any job."""
    rows = []
    for inits in PLANNED:
        spec = load("digits-mlp", [f"inits={setting.effort.of(inits)}", "recipe.backend=loop"])[0]
        before = megabytes("VmRSS")
        begin = time.process_time()
        plan: Plan = expand(spec)
        summarize(plan, set(), 64)
        schedule = Schedule(plan.jobs, 64)
        planned = time.process_time()
        batches = _drained(schedule, 64)
        end = time.process_time()
        size = f"{len(plan.trials):,} trials, {len(plan.jobs):,} jobs"
        rows += [
            once(f"planning {size}", planned - begin, "s", "processor time"),
            once(f"the schedule's own time for a batch, {size}", (end - planned) / batches * 1e3,
                  "ms", f"processor time; {batches:,} batches, 64 workers"),
            once(f"memory of the plan and its schedule, {size}",
                  megabytes("VmRSS") - before, "MB", ""),
        ]  # fmt: skip
    return rows


def _drained(schedule: Schedule, workers: int) -> int:
    """Return the number of batches until a schedule is done, the oldest ending first."""
    running: dict[str, list[Job]] = {}
    handed_out = 0
    while not schedule.finished:
        while len(running) < workers and (jobs := schedule.next_batch(str(handed_out))):
            running[str(handed_out)] = jobs
            handed_out += 1
        name, jobs = next(iter(running.items()))
        for job in running.pop(name):
            schedule.job_done(job.key)
        schedule.batch_ended(name)
    return handed_out
