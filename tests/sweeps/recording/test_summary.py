"""What MLflow shows of a whole submission."""

from __future__ import annotations

from pathlib import Path

import pytest
from recording_samples import Recorded, measured

from analysis import records
from sweeps.recording import files
from sweeps.recording.summary import record_summary
from trainables.jobs.kinds import Measurement

KS = (
    "rewind=[0, 20, 60]",
    "inits=1",
    "orders=3",
    "subnetworks=[dense, {strategy: imp, levels: [2]}]",
)


def stable_from_20(job: Measurement) -> dict:
    unstable = job.of[0].begin == 0
    return measured(job, instability_test=45.0 if unstable else 1.0)


def test_a_submission_holds_its_means_by_k_its_onsets_and_its_tables(
    recorded: Recorded, tmp_path: Path
) -> None:
    key = recorded.submit(*KS, values=stable_from_20)
    report = tmp_path / "report.html"
    report.write_text("a report")
    for _ in range(2):  # again: nothing is there twice
        record_summary(recorded.read(key), report)
    found = recorded.read(key)
    run = found.submission
    history = found.client.get_metric_history(run.info.run_id, "instability_test/dense level 0")
    assert [(point.step, point.value) for point in history] == [(0, 45.0), (20, 1.0), (60, 1.0)]
    assert run.data.metrics["accuracy_test/imp level 2"] == pytest.approx(95.0)
    assert run.data.metrics["stable_from/dense level 0"] == 20
    names = files.names(found.client, recorded.home, run)
    own = {records.SPEC_FILE, records.SWEEP_FILE, records.PLAN_FILE, records.TRIALS_FILE}
    own |= {records.COLUMNS_FILE}
    assert names == own | {"report.html", "trials.csv", "cells.csv", "onsets.csv"}


def test_means_wait_for_the_last_trial(recorded: Recorded, tmp_path: Path) -> None:
    """Of a mean that changed MLflow would keep both values, at one k."""
    report = tmp_path / "report.html"
    report.write_text("a report")
    key = recorded.submit(*KS, trials=3, values=stable_from_20)
    record_summary(recorded.read(key), report)
    assert not recorded.read(key).submission.data.metrics
    recorded.submit(*KS, values=stable_from_20)
    record_summary(recorded.read(key), report)
    assert recorded.read(key).submission.data.metrics["stable_from/dense level 0"] == 20
