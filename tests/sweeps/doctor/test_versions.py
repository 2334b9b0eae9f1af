"""Versions that do not fit."""

from __future__ import annotations

import platform

from sweeps.doctor import versions


def test_what_is_installed_here_fits() -> None:
    found = versions.installed()
    assert found.state == "fine"
    assert f"Python {platform.python_version()}, torch " in found.words


def test_another_python_is_needed() -> None:
    found = versions.against(">=3.99", ["numpy"])
    assert (found.state, "but >=3.99 is needed" in found.words) == ("stop", True)


def test_packages_that_are_old_or_not_there() -> None:
    required = ["numpy>=1", "torch>=99", "no-such-package-1>=2", 'no-such-package-2; extra == "s3"']
    found = versions.against("", required)
    assert found.state == "stop"
    assert "is installed, >=99 is needed" in found.words
    assert found.words.endswith(": pip install 'torch>=99' 'no-such-package-1>=2'")


def test_a_package_of_another_system_is_not_missed() -> None:
    assert versions.against("", ['no-such-package; sys_platform == "none"']).state == "fine"
