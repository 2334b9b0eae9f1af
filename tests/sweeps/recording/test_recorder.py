"""What a sweep leaves in MLflow."""

from __future__ import annotations

import math
import os
import socket
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import pytest
from mlflow import MlflowClient
from recording_samples import SMALL, Recorded, diverged_second, measured

from analysis import records
from sweeps import overview, reporting
from sweeps.recording.drivers import this_driver
from sweeps.recording.recorder import Recorder
from trainables import measures
from trainables.jobs.kinds import Measurement


def runs(recorded: Recorded, filter_string: str) -> list:
    client = MlflowClient(recorded.home.tracking)
    experiment = client.get_experiment_by_name("digits-mlp")
    return records.search(client, experiment.experiment_id, filter_string)


def test_a_trial_carries_what_its_recipe_changes_and_where_its_artifacts_lie(
    recorded: Recorded,
) -> None:
    plan, _ = recorded.plan(*SMALL, "recipe.learning_rate=0.3")
    for trial in plan.trials:
        for arm in trial.arms:
            recorded.store.write(arm.kind, arm.key, b"weights", "safetensors", seconds=10.0)
    recorded.submit(*SMALL, "recipe.learning_rate=0.3")
    for run in runs(recorded, records.IS_TRIAL):
        assert run.data.params["recipe.learning_rate"] == "0.3"
        assert set(run.data.params) == {*records.TRIAL_PARAMS, "recipe.learning_rate"}
        assert run.info.end_time - run.info.start_time == pytest.approx(22_000, abs=2)
        assert run.data.tags[records.OUTCOME] == "trained"
        places = {n: v for n, v in run.data.tags.items() if n.startswith(records.ARTIFACT)}
        assert places.keys() == {"artifact.instability", "artifact.arm_1", "artifact.arm_2"}
        for place in places.values():
            folder, _, key = place.rpartition("/")
            assert key in {n.partition(".")[0] for n in recorded.store.files.sizes(folder)}


def test_no_scalar_is_a_point_of_a_path(recorded: Recorded) -> None:
    recorded.submit(*SMALL)
    for run in runs(recorded, records.IS_TRIAL):
        expected = {*records.SCALAR_METRICS, *records.END_METRICS} - {records.WEIGHTS_LEFT_2}
        assert set(run.data.metrics) == expected
    found = recorded.read()
    curves = found.curves()
    assert curves["path_error_test"].tolist() == [5.0, *[50.0] * 28, 5.0] * 2
    assert curves["alpha"].tolist() == [point / 29 for point in range(30)] * 2


def test_a_diverged_arm_of_an_earlier_version_is_known_by_its_loss(recorded: Recorded) -> None:
    recorded.submit(*SMALL, values=diverged_second)
    trials = recorded.read().trials
    assert trials["diverged_1"].tolist() == [False, False]
    assert trials["diverged_2"].tolist() == [True, True]
    assert trials[["instability_test", "instability_train"]].isna().all(axis=None)
    assert trials["test_examples"].tolist() == [797, 797]
    assert trials["majority_test"].tolist() == pytest.approx([100 * 81 / 797] * 2)
    for run in runs(recorded, records.IS_TRIAL):
        assert run.data.tags[records.OUTCOME] == "diverged"
        assert math.isnan(run.data.metrics["instability_test"])
    assert not runs(recorded, f"{records.IS_TRIAL} and metrics.instability_test < 50")
    losses = recorded.read().curves()["path_loss_test"]
    assert losses.isna().sum() == 2 * 29


def test_recording_again_changes_nothing_but_the_time_of_submission(recorded: Recorded) -> None:
    recorded.submit(*SMALL)
    first = recorded.read().trials
    recorded.submit(*SMALL)
    pd.testing.assert_frame_equal(recorded.read().trials, first)
    assert len(runs(recorded, records.IS_SUBMISSION)) == 1


def test_the_description_is_that_of_the_latest_spec(recorded: Recorded) -> None:
    recorded.submit(*SMALL, "description=first")
    recorded.submit(*SMALL, "description=second")
    (run,) = runs(recorded, records.IS_SUBMISSION)
    assert run.data.tags[records.DESCRIPTION] == "second"


@pytest.mark.parametrize(
    ("driver", "status"),
    [
        (f"{socket.gethostname()} {2**22 + 1}", "KILLED"),  # above the highest process id
        (f"{socket.gethostname()} {os.getpid()}", "RUNNING"),
        ("another-machine 1", "RUNNING"),
    ],
    ids=["gone", "at work", "elsewhere"],
)
def test_a_submission_does_not_run_on_when_its_driver_is_gone(
    recorded: Recorded, driver: str, status: str
) -> None:
    plan, text = recorded.plan(*SMALL)
    killed = Recorder(recorded.home, plan, recorded.store)
    killed.open(text, {})
    (run,) = runs(recorded, records.IS_SUBMISSION)
    assert run.data.tags[records.DRIVER] == this_driver()
    MlflowClient(recorded.home.tracking).set_tag(run.info.run_id, records.DRIVER, driver)
    recorded.submit("rewind=[0]", *SMALL[1:])
    found = {r.info.run_id: r.info.status for r in runs(recorded, records.IS_SUBMISSION)}
    assert found[run.info.run_id] == status


# --- measures beside instability ----------------------------------------------------------


def of_measure(job: Measurement) -> dict[str, Any]:
    """Made-up values of whatever is measured."""
    if job.measure == "instability":
        return measured(job)
    number = float(job.of[0].order_seed)
    layers = {"first": number, "second": number + 1}
    values = {"distance_l2": number, "distance_cosine": 0.5}
    values |= {"distance_l2_by_layer": layers, "distance_cosine_by_layer": layers}
    return {"weights_left": 100.0, **values}


@pytest.mark.parametrize(
    "steps",
    [["[distance]", "[instability, distance]"], ["[instability]", "[instability, distance]"]],
)
def test_a_measure_that_is_added_is_added_to_the_runs_that_exist(
    recorded: Recorded, steps: list[str]
) -> None:
    for step in steps:
        recorded.submit(*SMALL, f"measure={step}", values=of_measure)
    client = MlflowClient(recorded.home.tracking)
    found = runs(recorded, records.IS_TRIAL)
    assert len(found) == 2
    for run in found:
        assert {"instability_test", "distance_l2"} <= run.data.metrics.keys()
        for name in run.data.metrics:
            assert len(client.get_metric_history(run.info.run_id, name)) == 1, name
        assert {n for n in run.data.tags if n.startswith(records.MEASURED)} == {
            "measured.instability",
            "measured.distance",
        }
    assert len(runs(recorded, records.IS_SUBMISSION)) == 2
    trials = recorded.read().trials
    assert trials["distance_l2"].tolist() == [1.0, 1.0]
    assert trials["instability_test"].tolist() == [45.0, 45.0]
    assert [one.name for one in recorded.read().quantities] == ["distance_cosine", "distance_l2"]


def test_what_was_not_measured_is_no_verdict(recorded: Recorded) -> None:
    """And no network is called diverged for it."""
    recorded.submit(*SMALL, "measure=[distance]", values=of_measure)
    found = recorded.read()
    assert found.trials[["instability_test", "accuracy_test"]].isna().all(axis=None)
    assert found.trials["outcome"].isna().all()
    assert not found.trials[["diverged_1", "diverged_2"]].any(axis=None)
    assert found.cells.empty
    assert "distance_l2" in reporting.markdown(found)


def test_values_along_an_axis_are_a_file(recorded: Recorded) -> None:
    recorded.submit(*SMALL, "measure=[distance]", values=of_measure)
    layers = recorded.read().along("distance", "layer")
    assert layers["layer"].tolist() == ["first", "second"] * 2
    assert layers["distance_l2_by_layer"].tolist() == [1.0, 2.0] * 2


def test_a_run_of_an_earlier_version_holds_its_instability(recorded: Recorded) -> None:
    """It has no tag that says so."""
    recorded.submit(*SMALL)
    client = MlflowClient(recorded.home.tracking)
    for run in runs(recorded, records.IS_TRIAL):
        client.delete_tag(run.info.run_id, "measured.instability")
    recorded.submit(*SMALL, "measure=[instability, distance]", values=of_measure)
    for run in runs(recorded, records.IS_TRIAL):
        history = client.get_metric_history(run.info.run_id, "instability_test")
        assert len(history) == 1
        assert "distance_l2" in run.data.metrics
        assert set(records.measured(run)) == {"instability", "distance"}
    assert [row.state for row in overview.rows(recorded.home)] == ["complete", "complete"]


def test_what_follows_from_a_measurement_is_added_to_runs_that_hold_it(recorded: Recorded) -> None:
    """A barrier has the key of the instability from whose path it follows."""
    recorded.submit(*SMALL)
    recorded.submit(*SMALL, "measure=[instability, barrier]")
    trials = recorded.read().trials
    assert (trials["barrier_test"] >= 0).all()
    for run in runs(recorded, records.IS_TRIAL):
        found = records.measured(run)
        assert found["barrier"] == found["instability"]
    assert recorded.read().lacking == 0


def test_a_submission_is_partial_until_all_that_it_measures_is_recorded(
    recorded: Recorded,
) -> None:
    """Although each of its trials has a run, of what was measured before."""
    recorded.submit(*SMALL)
    recorded.submit(*SMALL, "measure=[instability, distance]", trials=1, values=of_measure)
    states = {row.differences[-1]: row for row in overview.rows(recorded.home)}
    both, alone = states["measure: [instability, distance]"], recorded.read()
    assert (both.state, both.recorded, both.wanted) == ("partial", 1, 2)
    assert alone.lacking == 1
    assert "1 recorded trial lacks some of what is to be measured." in reporting.markdown(alone)
    recorded.submit(*SMALL, "measure=[instability, distance]", values=of_measure)
    assert recorded.read().lacking == 0
    assert {row.state for row in overview.rows(recorded.home)} == {"complete"}


def test_whatever_value_an_option_has_mlflow_takes_its_name(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dataclass(frozen=True)
    class Options:
        values: tuple[float, ...] = ()
        word: str = ""

    changed = replace(measures.find("distance"), Options=Options)
    monkeypatch.setattr("trainables.measures.distance.MEASURE", changed)
    entries = ["{measure: distance, values: [1.0, 1e+20]}", "{measure: distance, word: 'a=(b,c)'}"]
    recorded.submit(*SMALL, f"measure=[{', '.join(entries)}]", values=of_measure)
    (first, second) = (one.name for one in recorded.read().quantities if "l2" in one.name)
    assert first != second
    assert recorded.read().trials[[first, second]].notna().all(axis=None)
    assert [row.state for row in overview.rows(recorded.home)] == ["complete"]


def test_what_a_killed_writer_left_out_is_written_later(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the files and before the numbers."""
    recorded.submit(*SMALL)
    whole = Recorder._log
    monkeypatch.setattr(Recorder, "_log", _killed)
    with pytest.raises(KeyboardInterrupt):
        recorded.submit(*SMALL, "measure=[instability, distance]", values=of_measure)
    monkeypatch.setattr(Recorder, "_log", whole)
    recorded.submit(*SMALL, "measure=[instability, distance]", values=of_measure)
    found = runs(recorded, records.IS_TRIAL)
    assert len(found) == 2
    assert all("distance_l2" in run.data.metrics for run in found)


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_measure_that_changes_and_changes_back_shows_what_is_wanted_now(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three versions the values are 1, 2 and 1: a run shows the latest submission's."""
    version = measures.find("distance").version
    for number in (1.0, 2.0, 1.0):
        changed = replace(measures.find("distance"), version=version + int(number))
        monkeypatch.setattr("trainables.measures.distance.MEASURE", changed)

        def values(job: Measurement, number: float = number) -> dict[str, Any]:
            return of_measure(job) | {"distance_l2": number}

        recorded.submit(*SMALL, "measure=[distance]", values=values)
        assert recorded.read().trials["distance_l2"].tolist() == [number, number]
    assert len(runs(recorded, records.IS_TRIAL)) == 2
