"""Homes whose measurements are made up, so that nothing has to be trained for their records."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sweeps import results
from sweeps.home import Home
from sweeps.loading import load
from sweeps.plan import Plan, expand
from sweeps.recording import submissions
from sweeps.recording.recorder import Recorder
from trainables.jobs.kinds import Measurement
from trainables.store import Store

SMALL = ("rewind=[0, 20]", "inits=1", "orders=2", "subnetworks=[dense]")
"""Two trials of digits-mlp."""

TRAINED = (
    "recipe.length=30",
    "rewind=[0, 10]",
    "inits=1",
    "orders=2",
    "subnetworks=[dense, {strategy: imp, levels: [1]}]",
)
"""Four trials of networks that are trained for 30 iterations."""


def measured(job: Measurement, **changes: Any) -> dict[str, Any]:
    """What a version wrote that knew nothing of divergence: errors 5, 50, ..., 5 %."""
    errors = [5.0, *[50.0] * (job.work.points - 2), 5.0]
    values: dict[str, Any] = {"weights_left": 100.0}
    for split in ("test", "train"):
        values[f"path_error_{split}"] = errors
        values[f"path_loss_{split}"] = [error / 10 for error in errors]
        values[f"instability_{split}"] = 45.0
        for end in ("", "_1", "_2"):
            values[f"accuracy_{split}{end}"] = 95.0
    return values | changes


def diverged_second(job: Measurement) -> dict[str, Any]:
    """The same where arm 2, the path's first point, has diverged: nothing it says is right."""
    errors = [100.0] * (job.work.points - 1) + [5.0]
    losses = [math.nan] * (job.work.points - 1) + [0.5]
    changes: dict[str, Any] = {}
    for split in ("test", "train"):
        changes[f"path_error_{split}"], changes[f"path_loss_{split}"] = errors, losses
        changes[f"instability_{split}"] = 47.5
        changes[f"accuracy_{split}_2"], changes[f"accuracy_{split}"] = 0.0, 47.5
    return measured(job, **changes)


@dataclass
class Recorded:
    """A home, and what submitting to it does: everything but training."""

    home: Home

    @property
    def store(self) -> Store:
        return Store(self.home.store)

    def plan(self, *overrides: str, spec: str = "digits-mlp") -> tuple[Plan, str]:
        sweep, text = load(spec, overrides)
        return expand(sweep), text

    def submit(
        self,
        *overrides: str,
        spec: str = "digits-mlp",
        trials: int | None = None,
        values: Any = measured,
    ) -> str:
        """Record the first `trials` of a spec, all if absent; returns the submission's key."""
        plan, text = self.plan(*overrides, spec=spec)
        submissions.save(self.store, plan, text)
        recorder = Recorder(self.home, plan, self.store)
        recorder.open(text, {"trials": len(plan.trials)})
        chosen = plan.trials[:trials]
        for trial in chosen:
            for job in trial.measurements:
                self.measure(job, values(job))
            recorder.record(trial)
        recorder.close(complete=len(chosen) == len(plan.trials))
        return submissions.sweep_key(plan)

    def measure(self, job: Measurement, values: dict[str, Any]) -> None:
        if not self.store.complete([(job.kind, job.key)]):
            payload = json.dumps(values).encode()
            self.store.write(job.kind, job.key, payload, "json", seconds=2.0)

    def read(self, *arguments: Any) -> results.Results:
        return results.read(self.home, "digits-mlp", *arguments)


def keys(trials: Any) -> Sequence[str]:
    return sorted(trials["trial"])
