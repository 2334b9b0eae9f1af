"""What is handed out, and for how long there is nothing to hand out."""

from __future__ import annotations

import pytest
from schedules import THREE_PATHS

from sweeps.running import handout as handout_module
from sweeps.running.handout import Handout
from sweeps.running.schedule import Schedule
from trainables.store import Leases, Store


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


def test_workers_out_of_work_are_counted_and_no_others(
    store: Store, leases: Leases, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(handout_module, "time", clock)
    schedule = Schedule(THREE_PATHS, 2)
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
