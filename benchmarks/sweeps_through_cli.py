"""Whole sweeps, run as a user runs them: `sweeps run` in a fresh home, on two cores."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import plain
from benchmarks.harness import Row, Setting, Spread, Target, core, estimate, seconds
from benchmarks.paths import LENET_CHUNK, everything
from benchmarks.peer import Peer
from benchmarks.training import LENET, dense_mask, initial, pixels
from sweeps.loading import load
from sweeps.placement import WORKER_ENVIRONMENT
from sweeps.plan import Plan, cost, expand
from trainables import data
from trainables.jobs.kinds import Job, Measurement, Training
from trainables.store import Store

WORKERS = 2

DENSE = ("rewind=[0]", "inits=1", "orders=3", "subnetworks=[{strategy: dense}]")
"""LeNet's instability at initialisation: three trainings of 24,000 iterations, three paths."""

LEVELS = 15
IMP = (
    "recipe.length=1200",
    "rewind=[0]",
    "inits=1",
    "orders=3",
    f"subnetworks=[{{strategy: dense}}, {{strategy: imp, levels: {list(range(1, LEVELS + 1))}}}]",
)
"""LeNet pruned to 3.5 %, every pair of three orders at every level; trainings are shortened."""

PEER_ITERATIONS, PATH_EXAMPLES = 400, 10_000
"""Timed of the peer's training and of the plain path."""

BUSY = re.compile(r"busy (\d+)% of the time and out of work \d+%; ([\d.]+) ms a job besides")
"""In what a run says at its end (`sweeps.display.outcome_text`)."""


@dataclass(frozen=True)
class Ran:
    """A finished `sweeps run`."""

    plan: Plan
    store: Store
    wall: float
    """Seconds of the whole command: workers starting, recording and the report included."""
    busy: float
    """% of the workers' time, from their first job to the last, that was spent in jobs."""
    overhead: float
    """Milliseconds of a worker a job, while there was something to do: Ray Tune's."""

    def measured(self, jobs: list[Job]) -> float:
        """Worker seconds that jobs took, by their manifests."""
        return sum(self.store.facts(job.kind, job.key)["seconds"] for job in jobs)

    @property
    def trainings(self) -> list[Job]:
        return [j for j in self.plan.jobs.values() if isinstance(j, Training) and j.iterations]

    @property
    def paths(self) -> list[Job]:
        return [j for j in self.plan.jobs.values() if isinstance(j, Measurement)]

    def estimates(self) -> list[Row]:
        rows = []
        for what, jobs in (("trainings", self.trainings), ("paths", self.paths)):
            planned = sum(cost.seconds(job, core()) for job in jobs)
            name = self.plan.spec.name
            rows.append(estimate(f"{len(jobs)} {what} of {name}", planned, self.measured(jobs)))
        return rows

    @property
    def where_time_went(self) -> str:
        every = self.measured(list(self.plan.jobs.values()))
        training, paths = self.measured(self.trainings), self.measured(self.paths)
        return (
            f"of {every:,.0f} s in jobs {training / every:.0%} trained, {paths / every:.0%} "
            "measured paths"
        )


@contextmanager
def sweep(setting: Setting, spec: str, overrides: tuple[str, ...] = ()) -> Iterator[Ran]:
    """Run a sweep in a home that is gone afterwards. Raises RuntimeError if the run fails."""
    plan = expand(load(spec, overrides)[0])
    if not data.prepared(plan.spec.recipe, setting.data):
        data.prepare(plan.spec.recipe, setting.data)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as home:
        command = [sys.executable, "-c", "from sweeps.cli import main; main()", "run", spec]
        command += ["--home", home, "--data", str(setting.data), "--workers", str(WORKERS)]
        command += [part for override in overrides for part in ("--set", override)]
        # A user's environment has none of what this process was given.
        own = {k: v for k, v in os.environ.items() if k not in WORKER_ENVIRONMENT}
        begin = time.monotonic()
        process = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=own
        )
        wall = time.monotonic() - begin
        busy = BUSY.search(process.stdout)
        if process.returncode or busy is None:
            raise RuntimeError(f"sweeps run ended with {process.returncode}:\n{process.stdout}")
        store = Store(str(Path(home) / "store"))
        yield Ran(plan, store, wall, float(busy[1]), float(busy[2]))


def _wall(work: str, ran: Ran, most: float) -> Row:
    return Row(
        work=f"{work}: wall time of the command",
        ours=Spread.once(ran.wall),
        unit="s",
        target=Target(most=most),
        note=f"{WORKERS} workers; once; {ran.where_time_went}",
    )


def lenet_dense(setting: Setting) -> list[Row]:
    with sweep(setting, "lenet-mnist", DENSE) as ran:
        work = "LeNet-300-100, dense at k = 0, 3 orders, 24,000 iterations"
        return [_wall(work, ran, 80), *ran.estimates()]


def quickstart(setting: Setting) -> list[Row]:
    with sweep(setting, "digits-mlp") as ran:
        return [
            _wall("quickstart sweep (digits-mlp)", ran, 45),
            Row(
                work="quickstart: share of worker time spent in jobs",
                ours=Spread.once(ran.busy),
                unit="%",
                target=Target(least=90),
                note="from the first job to the last, as the run itself says",
            ),
            Row(
                work="quickstart: overhead a job",
                ours=Spread.once(ran.overhead),
                unit="ms",
                target=Target(most=300),
                note="Ray Tune's time, as the run itself says",
            ),
            *ran.estimates(),
        ]


def lenet_imp(setting: Setting) -> list[Row]:
    with sweep(setting, "lenet-mnist", IMP) as ran:
        plan = ran.plan
        iteration = _peer_iteration(setting)
        path = _plain_path(setting, plan.spec.path_points)
        trials = len(plan.trials)
        done = sum(job.iterations for job in ran.trainings)

        def row(what: str, times: float, target: Target | None, note: str) -> Row:
            """With trainings that are so many times as long as the run's."""
            training = plan.unshared_iterations * times * iteration
            alone = training + trials * path
            took = WORKERS * ran.wall + (times - 1) * ran.measured(ran.trainings)
            return Row(
                work=f"LeNet-300-100, IMP to 3.5 % left, every pair of 3 orders at every level "
                f"({trials} trials), {what}: worker time; against each trial alone with "
                "OpenLTH's loop",
                ours=Spread.once(took),
                unit="s",
                against=Spread.once(alone),
                ratio=Spread.once(alone / took),
                target=target,
                note=note,
            )

        short = ran.trainings[0].recipe.iterations
        return [
            row(
                f"trainings of {short:,} iterations", 1, None,
                f"ours: {WORKERS} workers x {ran.wall:.0f} s of the whole command, start-up and "
                f"report included, for {done:,} iterations and {len(ran.paths)} paths. Alone: "
                f"{plan.unshared_iterations:,} iterations by the plan (a trial still trains its "
                f"own chain of levels once), each {iteration * 1000:.2f} ms (median of "
                f"{setting.effort.repeats} x {PEER_ITERATIONS} of the peer's, masked), and "
                f"{trials} paths of {plan.spec.path_points} points on 70,000 examples, each "
                f"{path:.1f} s (plain loop, timed on {PATH_EXAMPLES:,} examples and multiplied); "
                "nothing for starting, recording and pruning",
            ),
            row(
                f"trainings of {LENET.iterations:,} iterations", LENET.iterations / short,
                Target(least=50),
                "the line above with the time of trainings, on both sides, multiplied by "
                f"{LENET.iterations / short:g}: the recipe's own length",
            ),
            *ran.estimates(),
        ]  # fmt: skip


def _peer_iteration(setting: Setting) -> float:
    """Seconds; a mask costs the peer the same whatever it keeps."""
    split = data.load(LENET, setting.data).train
    mask = dense_mask(initial(LENET).weights, LENET.network)
    peer = Peer(LENET, pixels(split), split.labels, mask)
    peer.advance(PEER_ITERATIONS)
    took = [seconds(lambda: peer.advance(PEER_ITERATIONS)) for _ in range(setting.effort.repeats)]
    return Spread.of(took).median / PEER_ITERATIONS


def _plain_path(setting: Setting, points: int) -> float:
    """Seconds of a whole path."""
    whole = everything(LENET, setting)
    split = whole.sample(PATH_EXAMPLES)
    examples = plain.inputs(split)
    first, second = (initial(LENET, seed).weights for seed in (1, 2))

    def walk() -> None:
        plain.path(LENET.network, first, second, examples, split.labels, points, LENET_CHUNK)

    walk()
    took = [seconds(walk) for _ in range(setting.effort.repeats)]
    return Spread.of(took).median * len(whole) / len(split)
