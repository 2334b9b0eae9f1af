"""A Ray that starts, one that cannot, and what they leave behind."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from sweeps.cluster.processes import descendants
from sweeps.doctor import trial_ray


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files with a short path, which sockets need."""
    folder = Path(tempfile.mkdtemp(prefix="t-", dir="/tmp"))
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_a_ray_that_cannot_start_is_one_line(temporary: Path) -> None:
    before = descendants(os.getpid()).keys()
    (found,) = trial_ray.start(str(temporary / ("long" * 40)))
    assert found.state == "stop"
    assert "Ray does not start on this machine" in found.words
    assert descendants(os.getpid()).keys() == before


def test_a_ray_that_takes_too_long_is_ended(temporary: Path) -> None:
    before = descendants(os.getpid()).keys()
    (found,) = trial_ray.start(seconds=0.2)
    assert (found.state, "within 0.2 s" in found.words) == ("stop", True)
    assert descendants(os.getpid()).keys() == before
    assert not list(temporary.iterdir())


@pytest.mark.slow
def test_a_ray_that_starts_leaves_nothing(temporary: Path) -> None:
    before, shared = descendants(os.getpid()).keys(), set(os.listdir("/dev/shm"))
    ray, reached = trial_ray.start()
    assert ray.state == "fine", ray.words
    assert reached.state == "fine", reached.words
    assert "all on loopback" in reached.words
    assert descendants(os.getpid()).keys() == before
    assert not list(temporary.iterdir())
    assert set(os.listdir("/dev/shm")) <= shared
