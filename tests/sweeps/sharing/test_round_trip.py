"""What is exported and imported is what was recorded, and further sweeps use it."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from recording_samples import SMALL, Recorded
from sharing_samples import FIRST, MORE, artifacts, brought, everything, frames, written

from analysis import records
from sweeps import results
from sweeps.errors import UserError
from sweeps.home import Home
from sweeps.loading import load
from sweeps.plan import growing
from sweeps.recording import database, submissions
from sweeps.recording.rebuild import rebuild
from sweeps.recording.submissions import sweep_key
from sweeps.sharing.runs import Runs
from trainables.store import Store

SHOWN = ("trials", "cells", "curves")


def same(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert ours.keys() == theirs.keys()
    for name in ours:
        pd.testing.assert_frame_equal(ours[name], theirs[name], check_exact=True)


def needed(home: Home, *overrides: str) -> set[str]:
    """The jobs that a spec would do in a home."""
    store = Store(home.store)
    plan, _ = growing.from_store(Recorded(home).plan(*overrides)[0].spec, store)
    complete = store.complete((job.kind, job.key) for job in plan.jobs.values())
    return set(plan.needed(complete))


def test_records_and_artifacts_are_the_same(
    trained: Home, archives: dict[bool, Path], other: Home
) -> None:
    done = brought(archives[True], other)
    assert (done.submissions, done.trials) == (2, 4)
    same(frames(other), frames(trained))
    assert len(frames(other)["learning"])
    assert len(frames(other)["layers"])
    records_here = everything(other)
    assert records_here == everything(trained)
    ours, theirs = (artifacts(Path(home.store)) for home in (other, trained))
    assert {n: c for n, c in theirs.items() if not n.startswith("checkpoint/")} == ours
    again = brought(archives[True], other)
    assert again.nothing
    assert everything(other) == records_here
    assert artifacts(Path(other.store)) == ours


@pytest.mark.slow
def test_records_can_be_written_again_from_what_was_imported(
    trained: Home, archives: dict[bool, Path], other: Home
) -> None:
    brought(archives[True], other)
    assert other.database is not None
    other.database.unlink()
    rebuild(other, Store(other.store), (), print)
    same(frames(other), frames(trained))


@pytest.mark.parametrize("weights", [False, True])
def test_further_sweeps_reuse_what_is_there(
    trained: Home, archives: dict[bool, Path], other: Home, weights: bool
) -> None:
    done = brought(archives[weights], other)
    assert bool(done.networks) == weights
    assert needed(other, *MORE) == set()
    further = (*MORE, "orders=3", "subnetworks.1.levels=[1, 2]")
    if weights:
        assert needed(other, *further) == needed(trained, *further)
    else:
        assert needed(other, *further) > needed(trained, *further)
    for path, key in zip(done.specs, (MORE, FIRST), strict=True):
        text = path.read_text(encoding="utf-8")
        own = load(str(path))[0]
        assert "# --set" not in text
        plan = growing.from_store(own, Store(other.store))[0]
        assert sweep_key(plan) == sweep_key(Recorded(other).plan(*key)[0])


def test_an_archive_is_read_without_this_program(trained: Home, archives: dict[bool, Path]) -> None:
    expected = frames(trained)
    with zipfile.ZipFile(archives[False]) as archive:
        assert archive.namelist()[0] == "README.txt"
        trials = pd.read_csv(archive.open("tables/trials.csv"), dtype={"trial": str})
        assert list(trials["instability_test"]) == list(expected["trials"]["instability_test"])
        one = trials["trial"][0]
        path = pd.read_csv(archive.open(f"trials/{one}/path.csv"))
        curve = expected["curves"]
        known = curve[curve["trial"] == one]["path_error_test"]
        assert list(path["path_error_test"]) == pytest.approx(list(known), abs=0)
        assert b"<html" in archive.read("report.html")
        lines = archive.read("records/trainings.jsonl").splitlines()
        for run in map(json.loads, lines):
            text = archive.read(f"trainings/{run['key']}/learning.csv").decode()
            rows = {int(row["iteration"]): row for row in csv.DictReader(io.StringIO(text))}
            points = {step: v for name, v, _, step in run["metrics"] if name == "loss_test"}
            assert points == {step: float(row["loss_test"]) for step, row in rows.items()}


def test_one_submission_alone(trained: Home, shared: Any, other: Home, tmp_path: Path) -> None:
    first = shared.keys[0]
    done = written(trained, tmp_path / "one.zip", submission=first[:8])
    assert (done.submissions, done.trials) == (1, 2)
    brought(tmp_path / "one.zip", other)
    theirs, ours = (frames(home, submission=first) for home in (trained, other))
    columns = ["trial", *records.SCALAR_METRICS]
    for found in (theirs, ours):  # their trials belong to the later submission, too
        found["trials"] = found["trials"][columns]
    same({n: ours[n] for n in SHOWN}, {n: theirs[n] for n in SHOWN})
    assert set(everything(other)) < set(everything(trained))
    assert needed(other, *FIRST) == set()


def test_a_sweep_that_went_on_is_imported_again(shared: Any, other: Home) -> None:
    assert brought(shared.first, other).trials == 2
    done = brought(shared.archives[True], other)
    assert (done.submissions, done.trials) == (1, 4)  # the first two have another measurement
    assert everything(other) == everything(shared.home)
    assert brought(shared.first, other).nothing
    assert everything(other) == everything(shared.home)


def test_what_was_interrupted_goes_on(
    trained: Home, archives: dict[bool, Path], other: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill, left = Runs.fill, iter(range(4))

    def interrupted(*arguments: Any) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        fill(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Runs, "fill", interrupted)
        with pytest.raises(KeyboardInterrupt):
            brought(archives[True], other)
    assert 0 < len(results.read(other, "digits-mlp").trials) < 4
    brought(archives[True], other)
    assert everything(other) == everything(trained)


def test_another_name(trained: Home, archives: dict[bool, Path], other: Home) -> None:
    other.make()
    Recorded(other).submit(*SMALL)
    before = everything(other), artifacts(Path(other.store))
    with pytest.raises(UserError, match=r"already, with other submissions .*--as NAME"):
        brought(archives[False], other)
    assert (everything(other), artifacts(Path(other.store))) == before
    done = brought(archives[False], other, "of-ada")
    assert done.name == "of-ada"
    assert everything(other) == before[0]
    theirs, ours = frames(trained), frames(other, "of-ada")
    for found in (theirs, ours):
        found["trials"] = found["trials"].drop(columns="submission")
    same(ours, theirs)
    keys = {run.data.tags[records.SWEEP_KEY] for run in _submissions(other, "of-ada")}
    wanted = {sweep_key(Recorded(other).plan(*one, "name=of-ada")[0]) for one in (FIRST, MORE)}
    assert keys == wanted
    assert needed(other, *MORE, "name=of-ada") == set()
    assert {one.sweep.name for one in submissions.all_of(Store(other.store))} == {
        "digits-mlp",
        "of-ada",
    }
    assert brought(archives[False], other, "of-ada").nothing


def _submissions(home: Home, name: str) -> list[Any]:
    found = results.read(home, name)
    return records.submissions(found.client, name)


def test_what_the_store_does_not_have_is_counted(
    archives: dict[bool, Path], other: Home, tmp_path: Path
) -> None:
    brought(archives[False], other)
    store = Store(other.store)
    store.delete("instability", store.keys("instability")[0])
    done = written(other, tmp_path / "again.zip", weights=True)
    runs = results.read(other, "digits-mlp").runs.values()
    arms = {run.data.tags[f"{records.ARTIFACT}arm_{arm}"] for run in runs for arm in (1, 2)}
    assert (done.networks, done.missing_networks, done.missing) == (0, len(arms), 1)


@pytest.mark.parametrize("gone", ["experiment", "submission", "trial"])
def test_what_was_deleted_in_mlflow_comes_back(
    trained: Home, archives: dict[bool, Path], other: Home, gone: str
) -> None:
    brought(archives[False], other)
    found = results.read(other, "digits-mlp")
    client = database.client_of(other, write=True)
    if gone == "experiment":
        client.delete_experiment(found.submission.info.experiment_id)
    elif gone == "submission":
        client.delete_run(found.submission.info.run_id)
    else:
        client.delete_run(found.trials["run_id"][0])
    brought(archives[False], other)
    assert everything(other) == everything(trained)


def test_the_same_trials_with_other_numbers_are_refused(
    trained: Home, archives: dict[bool, Path], other: Home
) -> None:
    brought(archives[False], other)
    found = results.read(other, "digits-mlp")
    trial = found.trials["run_id"][0]
    database.client_of(other, write=True).log_metric(trial, "instability_test", 99.0, step=1)
    before = everything(other)
    with pytest.raises(UserError, match="recorded here with another instability_test"):
        brought(archives[False], other)
    assert everything(other) == before
