"""The measurements of what a sweep costs besides trainings run, and count right."""

from __future__ import annotations

import pytest

from benchmarks.harness import Effort, Setting
from benchmarks.overheads import planning, tune
from benchmarks.registry import BENCHMARKS

LEAST = Effort(repeats=1, scale=0.01)


def measured(name, mnist):
    return {row.work: row.ours.median for row in BENCHMARKS[name].measure(Setting(LEAST, mnist))}


def test_planning(mnist):
    rows = measured("planning", mnist)
    assert sum(work.startswith("planning ") for work in rows) == len(planning.PLANNED)
    assert all(value >= 0 for work, value in rows.items() if not work.startswith("memory"))


@pytest.mark.slow
def test_store_requests(mnist):
    """An artifact is a payload and a manifest: no job does with less than two requests."""
    rows = measured("store-requests", mnist)
    for kind in (
        "W_0",
        "pretrain: W_k",
        "train: an arm",
        "prune: magnitude",
        "measure: instability",
    ):
        assert 2 <= rows[f"S3 requests: {kind}"] < 20


@pytest.mark.slow
def test_mlflow(mnist):
    rows = measured("mlflow-overhead", mnist)
    assert len(rows) == 8
    assert all(value > 0 for value in rows.values())


@pytest.mark.slow
def test_tune(mnist, monkeypatch):
    """Some batches on real Ray; fewer would be over before all workers are there."""
    monkeypatch.setattr(tune, "WORKERS", (2,))
    monkeypatch.setattr(tune, "BATCHES", 4000)
    monkeypatch.setattr(tune, "REPORTING_BATCHES", 400)
    rows = measured("tune-overhead", mnist)
    assert 0 < rows["Tune, 2 workers: a batch, driver's processor"] < 1000
    assert 0 < rows["Tune: a report of a running batch, driver's processor"] < 100
