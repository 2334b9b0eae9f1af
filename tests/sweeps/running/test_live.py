"""The report of a sweep that is under way."""

from __future__ import annotations

import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest

from sweeps.home import resolve
from sweeps.running import live
from sweeps.running.live import LiveReport, Pace


def _begun(costs: float, seconds: int, **options: float) -> list[int]:
    """When writings begin that take so many seconds of processor each."""
    pace, found = Pace(**options), []
    for elapsed in range(seconds):
        if pace.due(elapsed):
            found.append(elapsed)
            pace.wrote(elapsed, costs)
    return found


def test_a_report_is_written_once_a_minute_at_most() -> None:
    found = _begun(0.5, 3600, first=0.5)
    assert found[0] == 60
    assert {b - a for a, b in pairwise(found)} == {60}


@pytest.mark.parametrize("cost", [4.0, 30.0])
def test_writing_never_takes_more_than_its_share(cost: float) -> None:
    found = _begun(cost, 20_000)
    assert len(found) > 10
    for number, begun in enumerate(found[1:], 2):
        assert number * cost <= 0.05 * begun


def test_the_first_writing_waits_until_its_likely_cost_is_within_the_share() -> None:
    assert _begun(1.0, 200)[0] == 100


@pytest.fixture
def failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LiveReport:
    """Of a sweep of which nothing is recorded."""
    monkeypatch.setattr(live, "FAILURES", 1)
    return LiveReport(resolve(str(tmp_path / "home")), "nothing", Pace(0.0, 1e9, 0.0))


def test_an_error_is_kept_from_the_sweep(failing: LiveReport) -> None:
    first: list[Path] = []
    with failing.refreshed(first.append):
        deadline = time.monotonic() + 120
        while not failing.problem and time.monotonic() < deadline:
            time.sleep(0.1)
    assert failing.problem.startswith("sweeps: ")
    assert first == []
    assert not failing.file.exists()
    failing.finish()
    assert not failing.file.exists(), "what was never written is not written at the end"


def test_a_writing_under_way_is_given_up_when_the_sweep_ends(failing: LiveReport) -> None:
    failing._command = ["sleep", "600"]
    before = time.monotonic()
    with failing.refreshed(lambda _: None):
        time.sleep(2 * live.LOOK)
    assert time.monotonic() - before < 60
    assert failing.problem == ""
    assert not any(thread.name == "report" for thread in threading.enumerate())
