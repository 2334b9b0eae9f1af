"""A Ray that died ends a run, by itself or not."""

from __future__ import annotations

import threading

import pytest

from sweeps.errors import ClusterError
from sweeps.running import watch
from sweeps.running.watch import watching


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.01)


def test_a_run_that_is_held_up_is_given_up() -> None:
    given_up: list[str] = []
    told = threading.Event()

    def check() -> None:
        raise ClusterError("Ray died")

    def give_up(error: ClusterError) -> None:
        given_up.append(str(error))
        told.set()

    with watching(check, give_up, grace=0.01):
        assert told.wait(30)
    assert given_up == ["Ray died"]


def test_a_run_that_ends_by_itself_is_not() -> None:
    died, given_up = threading.Event(), []

    def check() -> None:
        died.set()
        raise ClusterError("Ray died")

    with watching(check, given_up.append, grace=60):
        assert died.wait(30)
    for thread in threading.enumerate():
        if thread.name == "watch":
            thread.join(30)
    assert not given_up
