"""What a run says of itself while it runs."""

from __future__ import annotations

import io
import threading
import time

import pytest
from rich.console import Console

from sweeps.loading import load
from sweeps.plan import expand
from sweeps.plan.graph import training_keys, trainings
from sweeps.running import progress
from sweeps.running.progress import Measuring, ProgressView, Running, Tally, duration, pace
from sweeps.running.schedule import Schedule


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (0, "0 it/s"),
        (0.2674, "0.27 it/s"),
        (3.21, "3.2 it/s"),
        (9.99, "10 it/s"),
        (1234.5, "1,234 it/s"),
    ],
)
def test_pace_keeps_two_digits_where_an_iteration_takes_seconds(rate: float, text: str) -> None:
    assert pace(rate) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.6, "1 min 0 s"), (185, "3 min 5 s"), (7800, "2 h 10 min")],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_what_diverged_is_counted() -> None:
    tally = Tally(jobs=4, trainings=2, reused=0, failed=1, diverged=2)
    view = ProgressView(Console(file=io.StringIO()), tally, Schedule({}, 2))
    assert "1 failed · 2 diverged · " in view.line(None)


def test_where_there_is_no_terminal_a_line_says_all_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(progress, "PLAIN_SECONDS", 0.0)
    monkeypatch.setattr(Schedule, "seconds_left", 95.0)
    out, schedule = io.StringIO(), Schedule({}, 2)
    tally = Tally(jobs=4, trainings=2, reused=1, jobs_done=1, iterations=30, busy_seconds=100.0)
    with ProgressView(Console(file=out, width=400), tally, schedule) as view:
        view.running["a"] = Running("train order 1", 0, 15, 200, 0.3)
        view.running["b"] = Measuring("measure orders 1, 2", 0.618)
        view.update()
    _, line, last = out.getvalue().splitlines()
    assert line == (
        "1 of 4 jobs · 0 of 2 trainings · 0.3 it/s a worker · 1 reused"
        " · train order 1: 15/200, 0.3 it/s · measure orders 1, 2: 62%"
        " · 0 s gone · about 1 min 35 s left"
    )
    assert last.startswith("1 of 4 jobs")
    assert "left" not in last


@pytest.mark.parametrize("terminal", [True, False])
def test_the_start_of_workers_shows_a_clock(
    monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    """Until the first report nobody calls the view: it must tell the time by itself."""
    monkeypatch.setattr(progress, "CLOCK_SECONDS", 0.01)
    monkeypatch.setattr(progress, "PLAIN_CLOCK_SECONDS", 0.01)
    told = threading.Event()

    class Screen(io.StringIO):
        def write(self, text: str) -> int:
            if "starting workers: 42 s" in text:
                told.set()
            return super().write(text)

    tally = Tally(jobs=4, trainings=2, reused=0, begun=time.monotonic() - 42.0)
    console = Console(file=Screen(), width=80, force_terminal=terminal)
    with ProgressView(console, tally, Schedule({}, 2)) as view:
        assert told.wait(60)
        view.update()
        assert view._started.is_set()
    assert not view._clock.is_alive()


def test_a_training_that_several_jobs_work_on_is_counted_once() -> None:
    measure = "[instability, {measure: throughout, every: 600}]"
    changes = ["subnetworks=[dense]", "rewind=[0]", "inits=1", "orders=3", f"measure={measure}"]
    plan = expand(load("digits-mlp", changes)[0])
    tally, done = Tally.of(plan, plan.jobs, 0), set[str]()
    for job in plan.jobs.values():
        done |= training_keys([job])
    assert tally.trainings == len(done) == 3
    assert sum(trainings([job]) for job in plan.jobs.values()) > 3
