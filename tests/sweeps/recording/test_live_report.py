"""The report of what is recorded so far, written by a process of its own."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from page_reader import Page, text
from recording_samples import Recorded

from sweeps.reporting import write_report
from sweeps.running.live import LiveReport, Pace

SPEC = ("subnetworks=[dense]", "rewind=[0, 20]", "inits=2", "orders=2")


@pytest.mark.slow
def test_it_lies_where_sweeps_report_writes_and_says_what_it_is_of(recorded: Recorded) -> None:
    recorded.submit(*SPEC, trials=1)
    written = threading.Event()
    found: list[Path] = []
    live = LiveReport(recorded.home, "digits-mlp", Pace(0.0, 1e9, 0.0))
    with live.refreshed(lambda path: (found.append(path), written.set())):
        assert written.wait(120), live.problem
    assert found == [recorded.home.folder / "reports" / "digits-mlp.html"]
    says = text(Page(found[0].read_text()).find("p", class_="partial"))
    assert says.startswith("Partial: 1 of 4 trials (Dense 1)")
    recorded.submit(*SPEC)
    live.finish()
    assert Page(found[0].read_text()).all("p", class_="partial") == []


@pytest.mark.slow
def test_what_an_interrupted_run_left_is_completed_by_the_next(recorded: Recorded) -> None:
    recorded.submit(*SPEC, trials=1)
    file = write_report(recorded.read(), recorded.home.report("digits-mlp"))
    assert Page(file.read_text()).all("p", class_="partial") != []
    recorded.submit(*SPEC)
    LiveReport(recorded.home, "digits-mlp").finish()
    assert Page(file.read_text()).all("p", class_="partial") == []
    changed = file.stat().st_mtime_ns
    LiveReport(recorded.home, "digits-mlp").finish()
    assert file.stat().st_mtime_ns == changed, "what is complete is left alone"
