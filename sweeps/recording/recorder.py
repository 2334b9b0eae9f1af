"""Writing a sweep to MLflow: one experiment, one run per submission, one run per trial.

Each sweep has one writer, its driver. What is written follows from the store alone, so that
writing again adds nothing: a trial is found by its key, and its metrics carry the time at which
the trial was measured, which makes MLflow drop repetitions.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from analysis import records
from sweeps.home import Home
from sweeps.plan import Plan, Trial
from sweeps.provenance import versions
from sweeps.recording import files, variants
from sweeps.recording.database import client_of, experiment
from sweeps.recording.drivers import end_abandoned, this_driver
from sweeps.recording.labels import columns, name_of, own_code, params_of
from sweeps.recording.measured import Measured, place, places, read, training_seconds
from sweeps.recording.submissions import asked_for, sweep_key
from sweeps.recording.trainings import Trainings
from sweeps.spec.stored import resolved
from trainables.jobs.kinds import Training
from trainables.jobs.learning import Point
from trainables.store import Missing, Store


class Recorder:
    """Records the trials of one submission. Not safe to share between threads."""

    def __init__(self, home: Home, plan: Plan, store: Store):
        self.home, self.store = home, store
        self._plan(plan)
        self.unsure = False
        """Something failed: the server may have done more than it said."""
        self.notes: list[str] = []
        """Lines of what else the user should know."""

    def _plan(self, plan: Plan) -> None:
        self.plan, self._varied = plan, variants.Varied(plan)

    def open(
        self, spec_text: str, plan_facts: Mapping[str, Any], submitted_at: float | None = None
    ) -> None:
        """Find or make the experiment and the submission, and see which trials are recorded.

        `submitted_at` is the Unix time (seconds) of a submission whose records are written again:
        what is recorded of it stays. If absent, it is submitted now.
        """
        self._client = client_of(self.home, write=True)
        name = self.plan.spec.name
        self._experiment = experiment(self._client, self.home, name, self.notes.append)
        self._submission = self._open_submission(submitted_at)
        run_id = self._submission.info.run_id
        texts = {
            records.SPEC_FILE: spec_text,
            records.SWEEP_FILE: json.dumps(resolved(self.plan.spec), indent=1),
            records.PLAN_FILE: json.dumps(plan_facts, indent=1),
            records.TRIALS_FILE: json.dumps([trial.key for trial in self.plan.trials]),
            records.COLUMNS_FILE: json.dumps(columns(self.plan), indent=1),
        }
        if (recipes := variants.text_of(self.plan)) is not None:
            texts[records.RECIPES_FILE] = recipes
        of = (self._client, self.home, self._submission)
        there = set() if submitted_at is None else files.names(*of)
        for file, text in texts.items():
            if file not in there:
                files.write_text(*of, file, text)
        others = [
            one
            for one in records.search(self._client, self._experiment, records.IS_SUBMISSION)
            if one.info.run_id != run_id
        ]
        end_abandoned(self._client, others)
        self.trainings = Trainings(self._client, self.home, self._experiment, run_id)
        trials = records.search(self._client, self._experiment, records.IS_TRIAL)
        self._note_trials(others, trials)
        self._see(trials)

    def _open_submission(self, submitted_at: float | None) -> Any:
        from mlflow.entities import Param

        when = time.time() if submitted_at is None else submitted_at
        key = sweep_key(self.plan)
        found = self._client.search_runs(
            [self._experiment], f"tags.{records.SWEEP_KEY} = '{key}'", max_results=1
        )
        spec = self.plan.spec
        tags = {
            records.DESCRIPTION: spec.description,
            records.SUBMITTED_AT: datetime.fromtimestamp(when, UTC).isoformat(),
            records.DRIVER: this_driver(),
            **{f"{records.VERSION}{name}": value for name, value in versions().items()},
            **{f"{records.PLUGIN}{name}": code for name, code in own_code(spec).items()},
        }
        if found:
            run = found[0]
            self._client.update_run(run.info.run_id, status="RUNNING")
            for name, value in tags.items() if submitted_at is None else ():
                self._client.set_tag(run.info.run_id, name, value)
        else:
            tags |= {records.KIND: "sweep", records.SWEEP_KEY: key}
            run = self._client.create_run(
                self._experiment,
                start_time=int(when * 1000),
                tags=tags,
                run_name=f"{spec.name} {key[:8]}",
            )
        params = variants.params_of(spec)
        missing = params.keys() - run.data.params.keys()
        if missing:  # all of them, but for submissions of earlier versions
            added = [Param(name, params[name]) for name in sorted(missing)]
            self._client.log_batch(run.info.run_id, params=added)
        return run

    def _note_trials(self, submissions: Iterable[Any], trials: Iterable[Any]) -> None:
        """Note what submissions of earlier versions ask for, before trials move below this one."""
        for one in submissions:
            files_of = (self._client, self.home, one)
            if files.read_text(*files_of, records.TRIALS_FILE) is None:
                keys = sorted(asked_for(*files_of, trials))
                files.write_text(*files_of, records.TRIALS_FILE, json.dumps(keys))

    def _see(self, trials: Iterable[Any]) -> None:
        """Which trials have a run, and which of their measurements are recorded there.

        The finished ones now belong to this submission.
        """
        self._runs: dict[str, Any] = {}
        self._recorded: dict[str, dict[str, str]] = {}
        wanted = {trial.key for trial in self.plan.trials}
        submission = self._submission.info.run_id
        for run in trials:
            tags = run.data.tags
            key = tags[records.TRIAL_KEY]
            if key not in wanted:
                continue
            self._runs[key] = run
            if run.info.status != "FINISHED":
                continue
            self._recorded[key] = records.measured(run)
            if tags.get(records.PARENT) != submission:
                self._client.set_tag(run.info.run_id, records.PARENT, submission)

    def grow(self, plan: Plan) -> None:
        """Go on with a plan that has come to hold more trials."""
        self._plan(plan)
        self._write_trials()
        self._make_sure(again=True)

    def _write_trials(self) -> None:
        texts = {
            records.TRIALS_FILE: json.dumps([trial.key for trial in self.plan.trials]),
            records.COLUMNS_FILE: json.dumps(columns(self.plan), indent=1),
        }
        if (recipes := variants.text_of(self.plan)) is not None:
            texts[records.RECIPES_FILE] = recipes
        for name, text in texts.items():
            files.write_text(self._client, self.home, self._submission, name, text)

    def record(self, trial: Trial) -> None:
        """Write the measurements of a trial that are in the store and are not recorded."""
        self._make_sure()
        recorded = self._recorded.get(trial.key, {})
        found = read(self.store, (p for p in trial.parts if recorded.get(p.label) != p.job.key))
        if not found:
            if recorded:
                return
            raise Missing(f"{trial.measurements[0].kind} {trial.key} is not in the store")
        run = self._runs.get(trial.key) or self._begin(trial, found)
        for one in found:
            for name, text in one.files():
                files.write_text(self._client, self.home, run, name, text)
        self._log(run, trial, found)
        if trial.key not in self._recorded:
            end = max(int(one.written_at * 1000) for one in found)
            self._client.set_terminated(run.info.run_id, "FINISHED", end_time=end)
        self._recorded[trial.key] = recorded | {one.part.label: one.part.job.key for one in found}

    def point(self, job: Training, point: Point) -> None:
        """Write a point of the learning curve of a training that is under way."""
        self._make_sure()
        self.trainings.point(job, point)

    def finish(self, job: Training) -> None:
        """Write the learning curve of a finished training, as far as the store has it."""
        self._make_sure()
        self.trainings.finish(job, self.store)

    def _make_sure(self, again: bool = False) -> None:
        """See `again` what is recorded, or where something failed."""
        if self.unsure or again:
            self._see(records.search(self._client, self._experiment, records.IS_TRIAL))
            self.trainings.see()
            self.unsure = False

    def _log(self, run: Any, trial: Trial, found: Iterable[Measured]) -> None:
        """Log numbers, and what they are of, at once: a measurement is recorded or it is not."""
        from mlflow.entities import Metric, Param, RunTag

        tags, first = {}, next(iter(found))
        metrics = []
        if trial.key not in self._recorded:  # of each measurement it is the same
            metrics += [
                Metric(name, first.values[name], int(first.written_at * 1000), 0)
                for name in (records.WEIGHTS_LEFT, records.WEIGHTS_LEFT_2)
                if name in first.values
            ]
        for one in found:
            measured = f"{records.MEASURED}{one.part.label}"
            # MLflow shows the latest value. Where a measure's code changed, and perhaps back
            # again, that is the one that is recorded now.
            replaced = run.data.tags.get(measured, one.part.job.key) != one.part.job.key
            when = int(1000 * (time.time() if replaced else one.written_at))
            metrics += [Metric(name, value, when, 0) for name, value in one.metrics()]
            tags[measured] = one.part.job.key
            tags[f"{records.ARTIFACT}{one.part.label}"] = place(one.part.job)
            if one.outcome is not None:
                tags[records.OUTCOME] = one.outcome
        missing = {} if run.data.params else params_of(trial) | self._varied.params(trial)
        self._client.log_batch(
            run.info.run_id,
            metrics=metrics,
            params=[Param(name, str(value)) for name, value in missing.items()],
            tags=[RunTag(name, value) for name, value in tags.items()],
        )

    def _begin(self, trial: Trial, found: Collection[Measured]) -> Any:
        """The run lasts as long as its two trainings and its first measurement took together."""
        seconds = training_seconds(self.store, trial) + sum(one.seconds for one in found)
        begun = min(one.written_at for one in found) - seconds
        run = self._client.create_run(
            self._experiment,
            start_time=int(begun * 1000),
            run_name=name_of(trial) + self._varied.name(trial),
            tags={
                records.KIND: "trial",
                records.TRIAL_KEY: trial.key,
                records.PARENT: self._submission.info.run_id,
                **{f"{records.ARTIFACT}{name}": at for name, at in places(trial).items()},
            },
        )
        self._runs[trial.key] = run
        return run

    def close(self, complete: bool, unmeasured: int = 0) -> None:
        """End the submission; `unmeasured` of its trials need weights of a diverged training."""
        run_id = self._submission.info.run_id
        self.trainings.close()
        self._client.set_tag(run_id, records.UNMEASURED, str(unmeasured))
        self._client.set_terminated(run_id, "FINISHED" if complete else "KILLED")
