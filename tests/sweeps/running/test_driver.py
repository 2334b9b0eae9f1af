"""What a run leaves behind that ends with an error."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from mlflow import MlflowClient
from rich.console import Console

from analysis import records
from sweeps.errors import ClusterError
from sweeps.home import resolve
from sweeps.loading import load
from sweeps.placement import Demand
from sweeps.running import driver
from sweeps.running.sites import ThisMachine
from trainables.store import Store


class Broken(ThisMachine):
    """A machine on which Ray does not start."""

    def __init__(self, error: BaseException):
        super().__init__()
        self._error = error

    @contextmanager
    def ready(self, demand: Demand, tell: Callable[[str], None]) -> Iterator[None]:
        raise self._error
        yield


@pytest.mark.parametrize("error", [ClusterError("Ray does not start"), KeyboardInterrupt()])
def test_no_submission_stays_running(error: BaseException, tmp_path: Path) -> None:
    home = resolve(str(tmp_path / "home"))
    spec, text = load("digits-mlp", ["inits=1", "orders=2", "rewind=[0]"])
    with pytest.raises(type(error)):
        driver.run(
            spec, text, home, Store(home.store),
            site=Broken(error), checkpoint_seconds=60, console=Console(file=io.StringIO()),
        )  # fmt: skip
    [submission] = records.submissions(MlflowClient(home.tracking), "digits-mlp")
    assert submission.info.status == "KILLED"


def test_no_worker_is_started_for_a_budget_that_is_spent(tmp_path: Path) -> None:
    home = resolve(str(tmp_path / "home"))
    small = ["inits=1", "orders=2", "rewind=[0]", "budget={hours: 1.0e-7}"]
    spec, text = load("digits-mlp", small)
    site = Broken(AssertionError("Ray is not to be started"))
    outcome = driver.run(
        spec, text, home, Store(home.store),
        site=site, checkpoint_seconds=60, console=Console(file=io.StringIO()),
    )  # fmt: skip
    assert "the budget of 0 s does not reach for the next jobs" in outcome.out_of_budget
    assert outcome.interrupted
    assert not outcome.complete
