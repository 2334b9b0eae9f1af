"""What is recorded follows from the store: lost or damaged, it is written again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from recording_samples import SMALL, Recorded

from analysis import records
from sweeps.errors import UserError
from sweeps.recording import database, files, submissions
from sweeps.recording.rebuild import rebuild
from sweeps.recording.summary import record_summary

pytestmark = pytest.mark.usefixtures("created_quickly", "without_figures")

OTHER = (*SMALL, "recipe.learning_rate=0.3", "description='a: \"b\"  # c'")

OF_THE_WRITING = {records.SUBMITTED_AT, records.DRIVER, records.PARENT}
"""Tags of who wrote it and when; and the parent, an id, which is looked at by itself."""

TEXTS = (records.SPEC_FILE, records.SWEEP_FILE, records.TRIALS_FILE, records.PATH_FILE)
"""Files that are the same whenever they are written."""


def everything(recorded: Recorded) -> dict[str, Any]:
    """Trial's or submission's key -> all that is recorded of it, without MLflow's ids."""
    client = database.client_of(recorded.home, write=False)
    found: dict[str, Any] = {}
    experiments = [e.experiment_id for e in client.search_experiments()]
    runs = client.search_runs(experiments, max_results=1000)
    key_of = {
        run.info.run_id: run.data.tags.get(records.TRIAL_KEY) or run.data.tags[records.SWEEP_KEY]
        for run in runs
    }
    assert len(set(key_of.values())) == len(runs), "nothing is there twice"
    for run in runs:
        trial = run.data.tags[records.KIND] == "trial"
        names = files.names(client, recorded.home, run)
        own = {name: value for name, value in run.data.tags.items() if name not in OF_THE_WRITING}
        found[key_of[run.info.run_id]] = {
            "status": run.info.status,
            "name": run.info.run_name,
            "times": (run.info.start_time, run.info.end_time) if trial else None,
            "params": run.data.params,
            "metrics": {name: str(value) for name, value in run.data.metrics.items()},  # NaN
            "tags": own,
            "parent": key_of.get(run.data.tags.get(records.PARENT, "")),
            "files": {
                name: files.read_text(client, recorded.home, run, name)
                for name in names & set(TEXTS)
            },
            "names": names,
        }
    return found


def submit(recorded: Recorded, *overrides: str, trials: int | None = None) -> str:
    key = recorded.submit(*overrides, trials=trials)
    report = recorded.home.report("digits-mlp", key)
    report.write_text("a report")
    record_summary(recorded.read(key, "submission"), report)
    return key


@pytest.mark.parametrize("loss", [pytest.param("removed", marks=pytest.mark.slow), "damaged"])
def test_everything_is_written_again(recorded: Recorded, loss: str) -> None:
    submit(recorded, *SMALL)
    submit(recorded, *OTHER, trials=1)
    before = everything(recorded)
    assert len(before) == 2 + 2 + 1
    path = recorded.home.database
    assert path is not None
    if loss == "removed":
        path.unlink()
        shutil.rmtree(recorded.home.folder / "mlartifacts")
    else:
        path.write_bytes(path.read_bytes()[:300_000])
    told: list[str] = []
    rebuild(recorded.home, recorded.store, (), told.append)
    assert everything(recorded) == before
    aside = [one.name for one in recorded.home.folder.glob("mlflow.db.*.damaged")]
    if loss == "damaged":
        line = told.pop(0)
        assert line.startswith(f"{path} is damaged (")
        assert line.endswith(f": it lies at {path.with_name(aside[0])} now")
    else:
        assert not aside
    assert [line.partition(": ")[2] for line in told] == [
        "2 of 2 trials recorded",
        "1 of 2 trials recorded",
    ]
    rebuild(recorded.home, recorded.store, ["digits-mlp"], told.append)
    assert everything(recorded) == before


def test_what_is_missing_is_added(recorded: Recorded) -> None:
    """A submission deleted in MLflow, and trials whose recording failed."""
    key = submit(recorded, *SMALL)
    before = everything(recorded)
    client = database.client_of(recorded.home, write=True)
    found = recorded.read(key)
    client.delete_run(found.submission.info.run_id)
    client.delete_run(found.trials["run_id"][0])
    rebuild(recorded.home, recorded.store, (), print)
    after = everything(recorded)
    assert after == before


def test_specs_of_earlier_versions_lie_with_their_runs(recorded: Recorded, tmp_path: Path) -> None:
    """These wrote no specs to the store, and addresses of their folder to the database."""
    submit(recorded, *OTHER)
    before = everything(recorded)
    for key in recorded.store.keys(submissions.KIND):
        recorded.store.delete(submissions.KIND, key)
    artifacts = recorded.home.artifacts
    assert artifacts is not None
    for name in (records.SWEEP_FILE, records.TRIALS_FILE, records.PLAN_FILE):
        for file in artifacts.glob(f"*/*/artifacts/{name}"):
            file.unlink()
    bad = {
        "yaml": "a: [",
        "later": "name: x\nrecipe: digits-mlp\nrewind: [0]\nfuture: 1\n",
        "bytes": "\0",
    }
    for name, text in bad.items():
        (artifacts / "x" / name / "artifacts").mkdir(parents=True)
        (artifacts / "x" / name / "artifacts" / "spec.yaml").write_text(text)
    database.set_aside(recorded.home.folder / "mlflow.db")
    for report in (recorded.home.folder / "reports").iterdir():
        report.unlink()
    told: list[str] = []
    rebuild(recorded.home, recorded.store, (), told.append)
    after = everything(recorded)
    assert after == before
    (key,) = (one["tags"][records.SWEEP_KEY] for one in after.values() if not one["parent"])
    assert "<html" in recorded.home.report("digits-mlp", key).read_text()
    *passed_over, done = told
    assert len(passed_over) == len(bad)
    for line, name in zip(passed_over, sorted(bad), strict=True):
        assert line.startswith(f"passed over {artifacts}/x/{name}/artifacts/spec.yaml: ")
        assert "\n" not in line
        assert "/tmp" not in line.removeprefix(f"passed over {artifacts}")
    assert done.endswith("2 of 2 trials recorded")


def test_a_spec_without_results_is_told(recorded: Recorded) -> None:
    recorded.submit(*SMALL, trials=0)
    path = recorded.home.database
    assert path is not None
    path.unlink()
    told: list[str] = []
    rebuild(recorded.home, recorded.store, (), told.append)
    assert [line.partition(": ")[2] for line in told] == ["none of its 2 trials is in the store"]


def test_a_running_sweep_keeps_its_records(recorded: Recorded) -> None:
    submit(recorded, *SMALL)
    path = recorded.home.database
    assert path is not None
    path.write_text("damaged, and a driver writes to it still")
    with (
        recorded.home.only_driver("another"),
        pytest.raises(UserError, match="'another' is already running"),
    ):
        rebuild(recorded.home, recorded.store, (), print)
    assert path.read_text().startswith("damaged")


def test_names_that_nobody_submitted(recorded: Recorded) -> None:
    recorded.submit(*SMALL)
    with pytest.raises(UserError, match="no spec of a sweep 'digits-mpl' is kept; did you mean"):
        rebuild(recorded.home, recorded.store, ["digits-mpl"], print)


def test_the_text_of_a_spec_and_its_overrides_are_told_apart(recorded: Recorded) -> None:
    key = submit(recorded, *OTHER)
    found = recorded.read(key)
    text = found.text(records.SPEC_FILE)
    assert text is not None
    assert text.endswith("".join(f"# --set {override}\n" for override in OTHER))
    assert json.loads(found.text(records.SWEEP_FILE) or "")["description"] == 'a: "b"  # c'
