"""Writing a sweep to MLflow: one experiment, one run a submission, one run a trial.

There is one writer a sweep, the driver. What is written follows from the store alone, so
writing again adds nothing: a trial is found by its key, and its metrics carry the time at which
the trial was measured, which makes MLflow drop repetitions.
"""

from __future__ import annotations

import json
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Any

from rich.console import Console

from analysis import records
from sweeps import tracking
from sweeps.home import Home
from sweeps.plan import Plan, Trial
from sweeps.provenance import versions
from trainables.store import Store, content_key

SQLITE = "sqlite:///"


def sweep_key(plan: Plan) -> str:
    """A key of what a spec means, whatever the order of its lists."""
    spec = plan.spec
    identity = {
        "name": spec.name,
        "trials": sorted(trial.key for trial in plan.trials),
        "matching": spec.matching,
        "stable_below": spec.stable_below,
    }
    return content_key("sweep", identity)


class Recorder:
    """Records the trials of one submission. Not safe to share between threads."""

    def __init__(self, home: Home, plan: Plan, store: Store):
        self.home, self.plan, self.store = home, plan, store
        self.unsure = False
        """Something failed: the server may have done more than it said."""

    def open(self, spec_text: str, plan_facts: Mapping[str, Any]) -> None:
        """Find or make the experiment and the submission, and see which trials are recorded."""
        from mlflow import MlflowClient

        logging.getLogger("mlflow").setLevel(logging.WARNING)
        self._client = MlflowClient(self.home.tracking)
        name = self.plan.spec.name
        experiment = self._client.get_experiment_by_name(name)
        if experiment is None:
            artifacts = self.home.artifacts and f"{self.home.artifacts}/{name}"
            self._experiment = self._client.create_experiment(name, artifact_location=artifacts)
        else:
            self._experiment = experiment.experiment_id
        self._submission = self._open_submission(spec_text, plan_facts)
        self._find_recorded()

    def _open_submission(self, spec_text: str, plan_facts: Mapping[str, Any]) -> str:
        from mlflow.entities import Param

        key = sweep_key(self.plan)
        found = self._client.search_runs(
            [self._experiment], f"tags.{records.SWEEP_KEY} = '{key}'", max_results=1
        )
        spec = self.plan.spec
        if found:
            run = found[0]
            self._client.update_run(run.info.run_id, status="RUNNING")
        else:
            tags = {
                records.KIND: "sweep",
                records.SWEEP_KEY: key,
                records.DESCRIPTION: spec.description,
                **{f"{records.VERSION}{name}": value for name, value in versions().items()},
            }
            run = self._client.create_run(
                self._experiment, tags=tags, run_name=f"{spec.name} {key[:8]}"
            )
        run_id: str = run.info.run_id
        if records.RECIPE not in run.data.params:
            params = {
                records.RECIPE: spec.recipe.name,
                records.MATCHING: spec.matching,
                records.STABLE_BELOW: spec.stable_below,
                records.PATH_POINTS: spec.path_points,
                records.TRAIN_EXAMPLES: spec.train_examples or "all",
            }
            for name, value in asdict(spec.recipe).items():
                params[f"{records.HYPERPARAMETER}{name}"] = value
            self._client.log_batch(run_id, params=[Param(k, str(v)) for k, v in params.items()])
        self._client.set_tag(run_id, records.SUBMITTED_AT, datetime.now(UTC).isoformat())
        self._client.log_text(run_id, spec_text, records.SPEC_FILE)
        self._client.log_text(run_id, json.dumps(plan_facts, indent=1), records.PLAN_FILE)
        return run_id

    def _find_recorded(self) -> None:
        """Which trials have a run: the finished ones now belong to this submission."""
        self._recorded: set[str] = set()
        self._begun: dict[str, str] = {}
        wanted = {trial.key for trial in self.plan.trials}
        for run in self._runs(f"tags.{records.KIND} = 'trial'"):
            key = run.data.tags[records.TRIAL_KEY]
            if key not in wanted:
                continue
            if run.info.status != "FINISHED":
                self._begun[key] = run.info.run_id
                continue
            self._recorded.add(key)
            if run.data.tags.get(records.PARENT) != self._submission:
                self._client.set_tag(run.info.run_id, records.PARENT, self._submission)

    def _runs(self, filter_string: str) -> Iterable[Any]:
        token = None
        while True:
            page = self._client.search_runs(
                [self._experiment], filter_string, max_results=1000, page_token=token
            )
            yield from page
            token = page.token
            if not token:
                return

    def record(self, trial: Trial) -> None:
        """Write a trial whose measurement is in the store; nothing if it is recorded."""
        if self.unsure:
            self._find_recorded()
            self.unsure = False
        if trial.key in self._recorded:
            return
        from mlflow.entities import Metric, Param

        artifact = self.store.read(trial.job.kind, trial.key)
        values = json.loads(artifact.payload)
        when = int(artifact.facts["written_at"] * 1000)
        orders = ",".join(map(str, trial.order_seeds))
        run_id = self._begun.get(trial.key)
        if run_id is None:
            run = self._client.create_run(
                self._experiment,
                start_time=when,
                run_name=f"{trial.strategy} level {trial.level} k={trial.rewind} "
                f"init {trial.init_seed} orders {orders}",
                tags={
                    records.KIND: "trial",
                    records.TRIAL_KEY: trial.key,
                    records.PARENT: self._submission,
                },
            )
            run_id = run.info.run_id
        params = {
            records.RECIPE: trial.job.recipe.name,
            records.STRATEGY: trial.strategy,
            records.LEVEL: trial.level,
            records.REWIND: trial.rewind,
            records.INIT_SEED: trial.init_seed,
            records.ORDER_SEEDS: orders,
        }
        metrics = [Metric(name, values[name], when, 0) for name in records.SCALAR_METRICS]
        metrics += [
            Metric(name, value, when, point)
            for name in records.CURVE_METRICS
            for point, value in enumerate(values[name])
        ]
        self._client.log_batch(
            run_id, metrics=metrics, params=[Param(k, str(v)) for k, v in params.items()]
        )
        self._client.set_terminated(run_id, "FINISHED", end_time=when)
        self._recorded.add(trial.key)

    def attach_report(self, path: str) -> None:
        self._client.log_artifact(self._submission, path)

    def close(self, complete: bool) -> None:
        self._client.set_terminated(self._submission, "FINISHED" if complete else "KILLED")
        if self.home.tracking.startswith(SQLITE):
            _gather_statistics(self.home.tracking.removeprefix(SQLITE))


def _gather_statistics(database: str) -> None:
    """SQLite then finds a curve by its trial. Otherwise it looks through those of every trial,
    once a trial: reports of thousands take minutes."""
    with (
        suppress(sqlite3.OperationalError),  # another sweep is writing: it will do this
        closing(sqlite3.connect(database)) as connection,
    ):
        connection.execute("ANALYZE")


PATIENCE = 300.0
"""Seconds that a sweep which is done waits for a tracking server that does not answer."""

RETRY_SECONDS = 1.0, 30.0
"""Between two tries: at first, and at most."""

LOOK_SECONDS = 10.0
"""Between two looks whether it answers, once a sweep is done."""

TRIES = 3
"""Of what fails although the server answers: its outage may just have ended."""


class BackgroundRecorder:
    """A recorder in a thread of its own, so that writing never holds up the handing out of jobs.

    While the tracking server does not answer, what is to be written waits.
    """

    def __init__(self, recorder: Recorder, spec_text: str, plan_facts: Mapping[str, Any]):
        self._recorder = recorder
        self._opening = (spec_text, plan_facts)
        self._queue: queue.SimpleQueue[Trial | None] = queue.SimpleQueue()
        self._error: Exception | None = None
        self._given_up = threading.Event()
        self._thread = threading.Thread(target=self._work, name="mlflow", daemon=True)
        self._thread.start()

    def record(self, trial: Trial) -> None:
        self._queue.put(trial)

    def close(self, console: Console) -> None:
        """Write what is queued, then stop. Raises what went wrong in the thread."""
        self._queue.put(None)
        address = self._recorder.home.tracking
        deadline = time.monotonic() + PATIENCE
        told = False
        while self._thread.is_alive():
            self._thread.join(timeout=LOOK_SECONDS)
            if self._thread.is_alive() and not tracking.answers(address):
                if not told:
                    console.print(f"waiting for the tracking server at {address}")
                    told = True
                if time.monotonic() > deadline:
                    self._given_up.set()
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        try:
            self._insist(lambda: self._recorder.open(*self._opening))
            while (trial := self._queue.get()) is not None:
                self._insist(partial(self._recorder.record, trial))
        except Exception as error:
            self._error = error

    def _insist(self, write: Callable[[], None]) -> None:
        wait, most = RETRY_SECONDS
        tries = TRIES
        while True:
            try:
                return write()
            except Exception:
                tries -= tracking.answers(self._recorder.home.tracking)
                if tries == 0 or self._given_up.wait(wait):
                    raise
            wait = min(2 * wait, most)
            self._recorder.unsure = True
