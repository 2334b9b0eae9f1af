"""What is handed out of a schedule, and what is counted of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweeps.loading import load
from sweeps.plan import expand
from sweeps.run import handout as module
from sweeps.run.handout import Handout
from sweeps.run.schedule import Schedule
from trainables.store import Leases, Store

ONE_CHAIN = ["inits=1", "orders=3", "rewind=[0]", "subnetworks=[{strategy: dense}]"]
JOBS = expand(load("lenet-mnist", ONE_CHAIN)[0]).jobs
"""An initial state, three long trainings from it, and their three paths."""


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


def test_workers_out_of_work_are_counted_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    store = Store(str(tmp_path / "store"))
    schedule = Schedule(JOBS, 2)
    with Leases(store, "test") as leases:
        handout = Handout(schedule, store, leases, lambda: 2)

        def ask(name: str) -> list[str]:
            return [job.key for job in handout.next_batch(name) or ()]

        def end(name: str, keys: list[str]) -> None:
            for key in keys:
                schedule.job_done(key)
            schedule.batch_ended(name)
            handout.batch_over(name)

        clock.now += 50
        first = ask("state")
        assert handout.seconds_out_of_work == 0, "nobody has asked before"
        clock.now += 10
        assert ask("too early") == []
        assert handout.seconds_out_of_work == 10, "one of two waits for the initial state"
        end("state", first)
        clock.now += 1
        arms = [ask("a"), ask("b")]
        assert all(arms)
        assert handout.seconds_out_of_work == 11, "until it asks again"
        clock.now += 100
        end("a", arms[0])
        arms.append(ask("c"))
        clock.now += 100
        assert ask("none is ready") == []
        assert handout.seconds_out_of_work == 11, "both worked"
        for name, keys in zip("bc", arms[1:], strict=True):
            end(name, keys)
        for path in range(3):
            done = ask(str(path))
            assert done
            end(str(path), done)
        before = handout.seconds_out_of_work
        assert ask("nothing is left") == []
        clock.now += 5
        ask("nothing is left")
        assert handout.seconds_out_of_work == before + 10
    assert schedule.finished
