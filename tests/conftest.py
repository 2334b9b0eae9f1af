"""Shared by every test: one thread, no bytes of a test under anybody's home, and estimates that do
not depend on the machine."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# To look for cycles in what large libraries hold took a twentieth of the time.
gc.set_threshold(10_000, 50, 100)

# A busy machine is no failure.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("tests", PATIENT, max_examples=20)
settings.register_profile("thorough", PATIENT, max_examples=300)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "tests"))


@pytest.fixture(autouse=True)
def _no_home_of_the_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A command that forgets --home must not find or touch the developer's own."""
    monkeypatch.setenv("SWEEPS_HOME", str(tmp_path_factory.getbasetemp() / "no-home"))


@pytest.fixture
def without_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of a report's words and tables."""
    from plain_reports import draw_no_figures

    draw_no_figures(monkeypatch)


@pytest.fixture(autouse=True)
def _reference_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test measures the machine, nor plans by what was measured of it."""
    monkeypatch.setenv("SWEEPS_MACHINE", "reference")


@pytest.fixture(autouse=True)
def _denormals_as_before() -> Iterator[None]:
    """Training has them flushed, for the whole process; hypothesis does not expect that."""
    yield
    if torch := sys.modules.get("torch"):
        torch.set_flush_denormal(False)
