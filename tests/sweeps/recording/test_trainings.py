"""Learning curves in MLflow: a run per training, while it goes on and after."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import SimpleNamespace

import pytest
from recording_samples import SMALL, Recorded

from analysis import records
from analysis.learning import LEARNING_COLUMNS
from sweeps.plan import Plan
from sweeps.plan.graph import trainings
from sweeps.recording import database
from sweeps.recording.rebuild import rebuild
from sweeps.recording.recorder import Recorder
from sweeps.running.observer import RunObserver
from sweeps.running.progress import Tally
from trainables.jobs import learning
from trainables.jobs.kinds import Training
from trainables.jobs.learning import CURVE, Point, curve_key

pytestmark = pytest.mark.usefixtures("created_quickly", "without_figures")

CURVES = (*SMALL, "evaluate.every=600")


def points(*iterations: int, loss: float = 0.5) -> list[Point]:
    values = {"error_test": 10.0, "error_train": 5.0, "loss_test": loss, "loss_train": 0.25}
    return [
        Point(n, 1.7e9 + n, 0.1, {name: value + n / 1000 for name, value in values.items()})
        for n in iterations
    ]


def an_arm(plan: Plan) -> Training:
    return next(job for job in plan.jobs.values() if isinstance(job, Training) and job.begin == 20)


def store_curve(recorded: Recorded, job: Training, found: Sequence[Point]) -> None:
    payload, facts = learning.encode(found)
    recorded.store.write(CURVE, curve_key(job), payload, "json", **facts)


def opened(recorded: Recorded, plan: Plan, text: str) -> Recorder:
    recorder = Recorder(recorded.home, plan, recorded.store)
    recorder.open(text, {})
    return recorder


def runs(recorded: Recorded) -> list:
    client = database.client_of(recorded.home, write=False)
    found = client.search_experiments()
    ids = [one.experiment_id for one in found]
    return client.search_runs(ids, records.IS_TRAINING, max_results=1000)


def history(recorded: Recorded, run, name: str) -> list[tuple[int, float]]:
    client = database.client_of(recorded.home, write=False)
    found = client.get_metric_history(run.info.run_id, name)
    return sorted((one.step, one.value) for one in found)


def test_points_are_seen_while_a_training_goes_on(recorded: Recorded, monkeypatch) -> None:
    """Below the submission; and written once, however often they are told."""
    monkeypatch.setattr("sweeps.recording.trainings.FLUSH_SECONDS", -1.0)
    plan, text = recorded.plan(*CURVES)
    recorder, job, found = opened(recorded, plan, text), an_arm(plan), points(20, 600, 1200)
    recorder.point(job, found[0])
    recorder.unsure = True  # the server may not have answered
    recorder.point(job, found[0])
    recorder.point(job, found[1])
    (run,) = runs(recorded)
    assert run.info.status == "RUNNING"
    assert run.info.run_name == job.title
    assert history(recorded, run, "error_test") == [(20, 10.02), (600, 10.6)]
    assert run.data.params["strategy"] == "dense"
    assert [run.data.params[name] for name in ("begin", "end", "phase")] == ["20", "1200", "train"]
    assert run.data.tags[records.PARENT] == recorder._submission.info.run_id
    recorder.close(complete=False)
    assert runs(recorded)[0].info.status == "KILLED"

    recorder = opened(recorded, plan, text)  # goes on
    recorder.point(job, found[2])
    store_curve(recorded, job, found)
    recorder.finish(job)
    recorder.finish(job)
    recorder.close(complete=True)
    (run,) = runs(recorded)
    assert run.info.status == "FINISHED"
    assert history(recorded, run, "error_test") == [(20, 10.02), (600, 10.6), (1200, 11.2)]
    assert history(recorded, run, "learning_rate") == [(20, 0.1), (600, 0.1), (1200, 0.1)]


def test_points_are_written_some_at_a_time(recorded: Recorded) -> None:
    """A run of the server per point would hold up the trials' records."""
    plan, text = recorded.plan(*CURVES)
    recorder, job, found = opened(recorded, plan, text), an_arm(plan), points(20, 600, 1200)
    for one in found:
        recorder.point(job, one)
    (run,) = runs(recorded)
    assert history(recorded, run, "loss_test") == [(20, 0.52)]
    store_curve(recorded, job, found)
    recorder.finish(job)
    assert [step for step, _ in history(recorded, run, "loss_test")] == [20, 600, 1200]


def test_curves_are_read_back_and_are_no_trials(recorded: Recorded) -> None:
    key = recorded.submit(*CURVES)
    plan, text = recorded.plan(*CURVES)
    recorder, job = opened(recorded, plan, text), an_arm(plan)
    store_curve(recorded, job, [*points(20), *points(1200, loss=math.nan)])
    recorder.finish(job)
    recorder.close(complete=True)
    found = recorded.read(key)
    assert len(found.trials) == 2
    frame = found.learning_curves
    assert tuple(frame.columns) == LEARNING_COLUMNS
    assert frame["iteration"].tolist() == [20, 1200]
    assert frame["error_train"].tolist() == [5.02, 6.2]
    assert frame["loss_test"].isna().tolist() == [False, True]
    assert set(frame["training"]) == {job.title}
    assert set(frame["begin"]) == {20}


def test_a_dead_drivers_curves_do_not_go_on(recorded: Recorded, monkeypatch) -> None:
    plan, text = recorded.plan(*CURVES)
    recorder = opened(recorded, plan, text)
    recorder.point(an_arm(plan), points(20)[0])
    client = database.client_of(recorded.home, write=True)
    client.set_terminated(recorder._submission.info.run_id, "KILLED")
    recorded.submit(*SMALL, "recipe.learning_rate=0.3")
    assert [run.info.status for run in runs(recorded)] == ["KILLED"]


def test_curves_are_written_again_from_the_store(recorded: Recorded) -> None:
    recorded.submit(*CURVES)
    plan, text = recorded.plan(*CURVES)
    recorder, job = opened(recorded, plan, text), an_arm(plan)
    store_curve(recorded, job, points(20, 1200))
    recorded.store.write(job.kind, job.key, b"weights", "safetensors", seconds=1.0)
    recorder.finish(job)
    recorder.close(complete=True)
    (before,) = runs(recorded)
    assert recorded.home.database is not None
    recorded.home.database.unlink()
    rebuild(recorded.home, recorded.store, (), lambda line: None)
    (after,) = runs(recorded)
    assert after.data.params == before.data.params
    assert after.data.metrics == before.data.metrics
    assert (after.info.start_time, after.info.end_time) == (
        before.info.start_time,
        before.info.end_time,
    )


def test_a_finished_training_is_told_to_the_recorder() -> None:
    """By the run's observer; trainings without curves, and initial weights, are not."""
    told: list[Training] = []

    class Writer:
        def finish(self, job: Training) -> None:
            told.append(job)

        def record(self, trial) -> None:
            raise AssertionError

    observer = RunObserver.__new__(RunObserver)
    growth = SimpleNamespace(
        plan=SimpleNamespace(trials_of={}), hear=lambda job: None, due=lambda busy: False
    )
    observer._writer, observer._growth = Writer(), growth  # type: ignore[assignment]
    observer._schedule = SimpleNamespace(ready=False)  # type: ignore[assignment]

    observer._tally = tally = Tally(jobs=0, trainings=0, reused=0)
    plans = [Recorded.plan(None, *overrides)[0] for overrides in (CURVES, SMALL)]  # type: ignore[arg-type]
    for plan in plans:
        for job in plan.jobs.values():
            if isinstance(job, Training):
                observer.job_done(job)
    assert told == [
        job for job in plans[0].jobs.values() if isinstance(job, Training) and job.iterations
    ]
    assert len(tally.trained) == trainings(job for plan in plans for job in plan.jobs.values())
