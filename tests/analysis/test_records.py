"""Round trips through a real MLflow store on SQLite."""

import math
from types import SimpleNamespace

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param

from analysis import curves, records

POINTS = 3

MEASURED = [name for name in records.SCALAR_METRICS if name != records.WEIGHTS_LEFT_2]
"""Of a trial of two copies."""


def log_submission(client, experiment, submitted_at):
    tags = {records.KIND: "sweep", records.SUBMITTED_AT: submitted_at}
    run = client.create_run(experiment, tags=tags)
    client.set_terminated(run.info.run_id)
    return run.info.run_id


def log_trial(client, experiment, parent, key, params, offset, *, status="FINISHED"):
    """A trial as earlier versions recorded it: without `END_METRICS`, and with curves as metrics.

    Its scalar metrics are offset, offset + 1, ... in the order of their names, and its curves rise
    by 10 per point from there on. Points are written last to first."""
    tags = {records.KIND: "trial", records.TRIAL_KEY: key, records.PARENT: parent}
    run_id = client.create_run(experiment, tags=tags).info.run_id
    metrics = [Metric(name, offset + i, 0, 0) for i, name in enumerate(MEASURED)] + [
        Metric(name, offset + i + 10 * point, 0, point)
        for i, name in enumerate(records.CURVE_METRICS)
        for point in reversed(range(POINTS))
    ]
    named = zip(records.TRIAL_PARAMS, params, strict=True)
    if status == "FINISHED":
        client.log_batch(run_id, metrics, [Param(name, value) for name, value in named])
        client.set_terminated(run_id)
    return run_id


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mlflow")
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    sweep = client.create_experiment("digits", artifact_location=str(folder))
    client.create_experiment("empty", artifact_location=str(folder))
    new = log_submission(client, sweep, "2026-02-01T00:00:00+00:00")
    old = log_submission(client, sweep, "2026-01-31T23:59:59+00:00")
    imp, dense = ("digits", "imp", "11", "120", "1"), ("digits", "dense", "0", "0", "1")
    log_trial(client, sweep, new, "key of imp", (*imp, "1,2"), 0.25)
    log_trial(client, sweep, new, "key of dense, 2nd pair", (*dense, "1,3"), math.nan)
    log_trial(client, sweep, new, "key of dense", (*dense, "1,2"), -5.0)
    log_trial(client, sweep, old, "key of another", (*dense, "7,8"), 1.0)
    log_trial(client, sweep, new, "key of one begun", (*dense, "8,9"), 1.0, status="RUNNING")
    return client


def test_infinity_comes_back(tmp_path):
    """MLflow's databases hold the largest float in its place."""
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    made = client.create_experiment("digits", artifact_location=str(tmp_path))
    log_trial(client, made, "", "key", ("digits", "dense", "0", "0", "1", "1,2"), 1.0)
    (run,) = records.trial_runs(client, made)
    client.log_metric(run.info.run_id, "own_high", math.inf)
    client.log_metric(run.info.run_id, "own_low", -math.inf)
    (row,) = records.trials(records.trial_runs(client, made)).to_dict("records")
    assert (row["own_high"], row["own_low"]) == (math.inf, -math.inf)


@pytest.fixture(scope="module")
def trials(client):
    return records.trials(records.trial_runs(client, experiment(client, "digits")))


def experiment(client, name):
    return client.get_experiment_by_name(name).experiment_id


def no_file(run_id, name):
    return None


def test_submissions_come_latest_first(client):
    found = records.submissions(client, "digits")
    times = [run.data.tags[records.SUBMITTED_AT] for run in found]
    assert times == ["2026-02-01T00:00:00+00:00", "2026-01-31T23:59:59+00:00"]
    assert list(records.sweeps(client)) == ["digits"]


@pytest.mark.parametrize("name", ["unheard-of", "empty"])
def test_an_unknown_sweep_names_the_known(client, name):
    with pytest.raises(records.UnknownSweep, match=f"'{name}'") as caught:
        records.submissions(client, name)
    assert caught.value.known == ["digits"]


def test_trials_are_the_finished_ones_in_order(trials):
    assert trials["trial"].tolist() == [
        "key of dense",
        "key of dense, 2nd pair",
        "key of another",
        "key of imp",
    ]
    assert trials["submission"].nunique() == 2


def test_what_a_trial_is_comes_back(trials):
    what = [records.RECIPE, *records.IDENTIFYING]
    assert trials[what].to_numpy().tolist() == [
        ["digits", "dense", 0, 0, 0, "keep", 1, 1, 2],
        ["digits", "dense", 0, 0, 0, "keep", 1, 1, 3],
        ["digits", "dense", 0, 0, 0, "keep", 1, 7, 8],
        ["digits", "imp", 11, 11, 120, "keep", 1, 1, 2],
    ]
    whole = [name for name in what[2:] if name != records.RESTART]
    assert [trials[name].dtype.kind for name in whole] == ["i"] * 6


def test_what_was_measured_comes_back(trials):
    assert list(trials.columns[len(records.TRIAL_COLUMNS) :]) == [
        *("weights_left", "weights_left_2"),
        *("instability_test", "instability_train", "accuracy_test", "accuracy_train"),
        *("accuracy_test_1", "accuracy_test_2", "accuracy_train_1", "accuracy_train_2"),
        *("test_examples", "majority_test", "diverged_1", "diverged_2"),
    ]
    found = trials[MEASURED].to_numpy()
    assert found[0].tolist() == [-5.0, -4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0]
    assert found[3].tolist() == [0.25, 1.25, 2.25, 3.25, 4.25, 5.25, 6.25, 7.25, 8.25]
    assert all(math.isnan(value) for value in found[1])


def test_what_earlier_versions_did_not_record_is_unknown(trials):
    assert trials[["test_examples", "majority_test"]].isna().all(axis=None)
    assert not trials[["diverged_1", "diverged_2"]].any(axis=None)


def run_of(metrics):
    """A trial's run, as far as it is read."""
    params = dict(zip(records.TRIAL_PARAMS, ("digits", "dense", "0", "0", "1", "1,2"), strict=True))
    data = SimpleNamespace(params=params, metrics=metrics, tags={records.TRIAL_KEY: "a key"})
    return SimpleNamespace(info=SimpleNamespace(run_id="a run"), data=data)


@pytest.mark.parametrize(
    ("metrics", "diverged"),
    [
        ({"diverged_1": 0.0, "diverged_2": 1.0}, [False, True]),
        ({"diverged_1": 0.0, "diverged_2": 0.0, "accuracy_test_1": 0.0}, [False, False]),
        # As earlier versions recorded it: every answer of such a network counted as wrong.
        ({"accuracy_test_1": 0.0, "accuracy_train_1": 0.0}, [True, False]),
        ({"accuracy_test_1": 0.0, "accuracy_train_1": 10.0}, [False, False]),
        ({}, [False, False]),
    ],
)
def test_a_diverged_network_has_no_instability(metrics, diverged):
    (trial,) = records.trials([run_of({"instability_test": 0.0} | metrics)]).to_dict("records")
    assert [trial["diverged_1"], trial["diverged_2"]] == diverged
    assert math.isnan(trial["instability_test"]) == any(diverged)


def test_a_curve_in_a_file_comes_back_to_the_bit(client, trials):
    numbers = [0.1, 1 / 3, math.nan, 1e-300]
    text = curves.curve_text(dict.fromkeys(records.CURVE_METRICS, numbers))
    found = curves.curves(client, trials.iloc[:1], lambda run_id, name: text)
    assert found["point"].tolist() == [0, 1, 2, 3]
    assert found["alpha"].tolist() == [0.0, 1 / 3, 2 / 3, 1.0]
    for name in records.CURVE_METRICS:
        assert found[name].tolist() == pytest.approx(numbers, rel=0, abs=0, nan_ok=True)
    assert list(found.columns) == ["trial", "point", "alpha", *records.CURVE_METRICS]


def test_curves_come_back_by_point(client, trials):
    found = curves.curves(client, trials.iloc[[3, 0]], no_file)
    assert found["trial"].tolist() == ["key of imp"] * POINTS + ["key of dense"] * POINTS
    assert found["point"].tolist() == [0, 1, 2] * 2
    assert found["alpha"].tolist() == [0.0, 0.5, 1.0] * 2
    assert found["path_error_test"].tolist() == [0.25, 10.25, 20.25, -5.0, 5.0, 15.0]
    assert found["path_loss_train"].tolist() == [3.25, 13.25, 23.25, -2.0, 8.0, 18.0]


def test_no_trials_have_no_curves(client, trials):
    found = curves.curves(client, trials.iloc[:0], no_file)
    assert len(found) == 0
    assert list(found.columns) == ["trial", "point", "alpha", *records.CURVE_METRICS]


def test_many_trials_are_read_page_by_page(client, trials, monkeypatch):
    search, pages = client.search_runs, []

    def one_a_page(experiments, filter_string, max_results=1000, page_token=None):
        pages.append(page_token)
        return search(experiments, filter_string, max_results=1, page_token=page_token)

    monkeypatch.setattr(client, "search_runs", one_a_page)
    found = records.trials(records.trial_runs(client, experiment(client, "digits")))
    assert len(pages) >= 4
    assert found["trial"].tolist() == trials["trial"].tolist()


def test_no_trials_read_as_an_empty_frame():
    found = records.trials([])
    assert len(found) == 0
    assert list(found.columns) == [
        *records.TRIAL_COLUMNS,
        *records.SCALAR_METRICS,
        *records.END_METRICS,
    ]


def test_a_trial_that_is_there_twice_counts_once():
    found = records.trials([run_of({"weights_left": 1.0}), run_of({"weights_left": 1.0})])
    assert len(found) == 1


def test_a_deleted_sweep_is_said_to_be_deleted(client):
    gone = client.create_experiment("gone")
    log_submission(client, gone, "2026-03-01T00:00:00+00:00")
    client.delete_experiment(gone)
    with pytest.raises(records.UnknownSweep, match="running it again restores it"):
        records.submissions(client, "gone")
