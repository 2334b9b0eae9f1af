"""What a worker reports, on its way through Tune to the driver."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ray import cloudpickle
from ray._private.dict import flatten_dict
from ray.tune.result import TRAINING_ITERATION

from trainables.jobs.reports import Blocked, Failed, Measuring, Report, Running
from trainables.jobs.trainable import Batch, Trainable

FULL = Report(
    finished=("a", "b"),
    failed=(Failed("c", "KeyError: 1", "Traceback ..."),),
    blocked=(Blocked("d", "a training diverged"),),
    diverged=("e",),
    running=(Running("f", "arm", begin=100, iteration=250, until=400, stored=200),),
    measuring=(Measuring("g", "path", 0.25),),
    trained=150,
    busy_seconds=1.5,
    done=True,
    nodes=("node",),
    store_error="full",
)


class Told(Trainable):
    """Reports without doing anything."""

    def _advance(self) -> Report:
        return FULL


@pytest.fixture
def result() -> Iterator[dict[str, Any]]:
    """What Tune's own `train` makes of a step, with the metrics that it fills in."""
    before = signal.getsignal(signal.SIGTERM)
    yield dict(Told(config={"batch": Batch((), "", Path(), 1.0)}).train())
    signal.signal(signal.SIGTERM, before)


def test_the_share_of_a_training_is_that_of_its_own_job() -> None:
    assert FULL.running[0].share == 0.5


def test_a_report_reaches_the_driver_whole(result: dict[str, Any]) -> None:
    """Ray pickles results between processes; dataclasses compare by value."""
    received = cloudpickle.loads(cloudpickle.dumps(result))
    assert received["report"] == FULL
    assert received["done"] is True


def test_tune_takes_no_report_apart(result: dict[str, Any]) -> None:
    """Tune flattens nested results for its stoppers: a report is one value among its metrics."""
    flat = flatten_dict(result)
    assert flat["report"] == FULL
    assert not [name for name in flat if name.startswith("report/")]
    assert flat[TRAINING_ITERATION] == 1
