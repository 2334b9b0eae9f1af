"""Runs that end early."""

from __future__ import annotations

import io
import os
import signal

import pytest
from rich.console import Console

from sweeps.running.stopping import Stopping


@pytest.fixture
def stopping() -> Stopping:
    return Stopping(Console(file=io.StringIO(), width=200))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_and_a_second_one_the_program(
    stopping: Stopping, number: signal.Signals
) -> None:
    before = signal.getsignal(number)
    with stopping.on_signal():
        assert not stopping()
        os.kill(os.getpid(), number)
        assert stopping()
        assert stopping.reason is None
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_a_reason_ends_a_run_and_the_first_one_counts(stopping: Stopping) -> None:
    stopping.because("the store is full")
    stopping.because("another reason")
    assert stopping()
    assert stopping.reason == "the store is full"


def test_a_run_that_ends_for_a_reason_is_not_cut_off_by_the_first_signal(
    stopping: Stopping,
) -> None:
    with stopping.on_signal():
        stopping.because("the store is full")
        os.kill(os.getpid(), signal.SIGINT)
        assert stopping.reason == "the store is full"


def test_what_comes_after_a_signal_is_no_reason(stopping: Stopping) -> None:
    with stopping.on_signal():
        os.kill(os.getpid(), signal.SIGINT)
    stopping.because("a training diverged meanwhile")
    assert stopping.reason is None
