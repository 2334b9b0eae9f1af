"""Plans to schedule, and simulated workers that do them."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Literal

from hypothesis import strategies as st

from sweeps.loading import load
from sweeps.plan import expand
from sweeps.running.schedule import Schedule
from trainables.jobs.kinds import Job, pretrained
from trainables.recipes import RECIPES


def jobs_of(backend: str, *overrides: str) -> dict[str, Job]:
    return expand(load("digits-mlp", [f"recipe.backend={backend}", *overrides])[0]).jobs


def made_of(*iterations: int, backend: Literal["loop", "stacked"] = "loop") -> dict[str, Job]:
    """Trainings of so many iterations that need nothing."""
    recipe = replace(RECIPES["digits-mlp"], backend=backend)
    made = (pretrained(recipe, seed, 0, length) for seed, length in enumerate(iterations, 1))
    return {job.key: job for job in made}


DIGITS = jobs_of("loop")
STACKED = jobs_of("stacked")
SMALL = jobs_of("loop", "inits=1", "rewind=[0, 20]")
SMALL_STACKED = jobs_of("stacked", "inits=1", "rewind=[0, 20]")
ONE_CHAIN = ["inits=1", "orders=3", "rewind=[0]", "subnetworks=[{strategy: dense}]"]
THREE_PATHS = expand(load("lenet-mnist", ONE_CHAIN)[0]).jobs
"""An initial state, three long trainings from it, and their three paths."""
SMALL_ONES = st.sampled_from([SMALL, SMALL_STACKED])


class Simulation:
    """Workers that take batches, and end or lose them in any order."""

    def __init__(self, schedule: Schedule, workers: int, rng: random.Random):
        self.schedule, self.workers, self.rng = schedule, workers, rng
        self.running: dict[str, list[Job]] = {}
        self.done: list[str] = []
        self.handed_out = 0

    def hand_out(self) -> None:
        while len(self.running) < self.workers:
            name = f"batch {self.handed_out}"
            jobs = self.schedule.next_batch(name)
            if jobs is None:
                return
            assert jobs
            self.handed_out += 1
            self.running[name] = jobs

    def do_one_job(self, failing: frozenset[str] = frozenset()) -> None:
        name = self.rng.choice(sorted(self.running))
        job = self.running[name].pop(0)
        known = self.schedule.jobs
        if any(i.key in known and i.key not in self.done for i in job.inputs):
            assert {i.key for i in job.inputs} & (failing | self.schedule.skipped)
        elif job.key in failing:
            self.schedule.job_failed(job.key, "broken")
        else:
            assert job.key not in self.done
            self.done.append(job.key)
            self.schedule.job_done(job.key)
        if not self.running[name]:
            del self.running[name]
            self.schedule.batch_ended(name)

    def lose_one_batch(self) -> None:
        name = self.rng.choice(sorted(self.running))
        del self.running[name]
        self.schedule.batch_lost(name, "died")
