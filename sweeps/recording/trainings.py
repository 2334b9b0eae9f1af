"""Writing learning curves to MLflow: one run per training, below the submission."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from analysis import records
from analysis.learning import learning_text
from sweeps.home import Home
from sweeps.recording import files
from sweeps.recording.hyperparameters import differing, strings
from sweeps.recording.measured import place
from trainables.jobs.kinds import Training
from trainables.jobs.learning import CURVE, Point, curve_key, decode
from trainables.store import Missing, Store, Unreadable

if TYPE_CHECKING:
    from mlflow import MlflowClient

FLUSH_SECONDS = 5.0
"""How often the points of a training that is under way are written."""


class Trainings:
    """The runs of a submission's trainings. Points are written once, with the time at which they
    were measured, so that MLflow drops repetitions."""

    def __init__(self, client: MlflowClient, home: Home, experiment: str, submission: str):
        self._client, self._home = client, home
        self._experiment, self._submission = experiment, submission
        self._waiting: dict[str, list[Point]] = {}
        """Points of trainings under way that are not written yet, by the training's key."""
        self._flushed: dict[str, float] = {}
        self.see()
        self._end_abandoned()

    def see(self) -> None:
        """See which runs there are."""
        found = records.search(self._client, self._experiment, records.IS_TRAINING)
        self._runs = {run.data.tags[records.CURVE_KEY]: run for run in found}

    def point(self, job: Training, point: Point) -> None:
        """Write a point of a training under way, now or together with the next ones."""
        waiting = self._waiting.setdefault(job.key, [])
        if point not in waiting:
            waiting.append(point)
        if time.monotonic() - self._flushed.get(job.key, 0.0) > FLUSH_SECONDS:
            self._log(self._run(job, waiting, running=True), waiting)
            self._flushed[job.key] = time.monotonic()
            del self._waiting[job.key]

    def finish(self, job: Training, store: Store) -> bool:
        """Write the learning curve that the store has of a training. Return whether it has one.

        Nothing is written again of a run that is finished.
        """
        key = curve_key(job)
        run = self._runs.get(key)
        if run is not None and run.info.status == "FINISHED":
            self._adopt(run)
            return True
        try:
            artifact = store.read(CURVE, key)
            points = decode(artifact.payload, artifact.facts)
        except (Missing, Unreadable):
            return False
        run = self._run(job, points, running=False)
        self._log(run, points)
        files.write_text(
            self._client, self._home, run, records.LEARNING_FILE, learning_text(_rows(points))
        )
        end = int(1000 * points[-1].measured_at)
        self._client.set_terminated(run.info.run_id, "FINISHED", end_time=end)
        self._runs[key] = self._client.get_run(run.info.run_id)
        self._waiting.pop(job.key, None)
        return True

    def close(self) -> None:
        """End the runs of trainings that were not finished: they go on when their training does."""
        for run in self._runs.values():
            mine = run.data.tags.get(records.PARENT) == self._submission
            if mine and run.info.status == "RUNNING":
                self._client.set_terminated(run.info.run_id, "KILLED")

    def _end_abandoned(self) -> None:
        """End the runs of trainings whose driver has ended."""
        submissions = records.search(self._client, self._experiment, records.IS_SUBMISSION)
        going_on = {run.info.run_id for run in submissions if run.info.status == "RUNNING"}
        for run in self._runs.values():
            parent = run.data.tags.get(records.PARENT)
            if run.info.status == "RUNNING" and parent not in going_on:
                self._client.set_terminated(run.info.run_id, "KILLED")

    def _adopt(self, run: Any) -> None:
        if run.data.tags.get(records.PARENT) != self._submission:
            self._client.set_tag(run.info.run_id, records.PARENT, self._submission)

    def _run(self, job: Training, points: Sequence[Point], running: bool) -> Any:
        """Return the run of a training, which is made if there is none."""
        key = curve_key(job)
        found = self._runs.get(key)
        if found is not None:
            self._adopt(found)
            if running and found.info.status != "RUNNING":
                self._client.update_run(found.info.run_id, status="RUNNING")
                self._runs[key] = self._client.get_run(found.info.run_id)
            return self._runs[key]
        from mlflow.entities import Param

        run = self._client.create_run(
            self._experiment,
            start_time=int(1000 * points[0].measured_at),
            run_name=job.title,
            tags={
                records.KIND: "training",
                records.CURVE_KEY: key,
                records.TITLE: job.title,
                records.PARENT: self._submission,
                f"{records.ARTIFACT}network": place(job),
            },
        )
        params = [Param(name, str(value)) for name, value in _params(job).items()]
        self._client.log_batch(run.info.run_id, params=params)
        self._runs[key] = self._client.get_run(run.info.run_id)
        return self._runs[key]

    def _log(self, run: Any, points: Iterable[Point]) -> None:
        from mlflow.entities import Metric

        metrics = [
            Metric(name, value, int(1000 * point.measured_at), point.iteration)
            for point in points
            for name, value in {**point.values, records.LEARNING_RATE: point.learning_rate}.items()
        ]
        for first in range(0, len(metrics), 1000):  # MLflow takes no more at a time
            self._client.log_batch(run.info.run_id, metrics=metrics[first : first + 1000])


def _rows(points: Iterable[Point]) -> list[dict[str, float]]:
    return [
        {"iteration": one.iteration, records.LEARNING_RATE: one.learning_rate, **one.values}
        for one in points
    ]


def _params(job: Training) -> dict[str, object]:
    changed = differing(strings(job.recipe))
    return {f"{records.HYPERPARAMETER}{name}": value for name, value in changed.items()} | {
        records.RECIPE: job.recipe.name,
        records.STRATEGY: job.strategy,
        records.LEVEL: job.level,
        records.PHASE: "train" if job.is_copy else "pretrain",
        records.BEGIN: job.until - job.iterations,
        records.END: job.until,
        records.INIT_SEED: job.init_seed,
        records.ORDER_SEED: job.order_seed,
    }
