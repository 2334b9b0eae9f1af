"""Packages that are not all of one installation."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

import pytest

from sweeps import checkout
from sweeps.errors import UserError


def test_packages_of_one_checkout_are_taken() -> None:
    checkout.check()


def test_two_checkouts_are_not_mixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "trainables").mkdir()
    (tmp_path / "trainables" / "__init__.py").touch()
    monkeypatch.delitem(sys.modules, "trainables")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match=f"trainables is imported from {tmp_path}/trainables, but"):
        checkout.check()


def test_a_folder_that_hides_a_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As below a folder with a clone that is called as the package is."""
    hidden = ModuleSpec("sweeps", None, is_package=True)
    hidden.submodule_search_locations = [str(tmp_path / "sweeps")]
    found = {"sweeps": hidden}
    monkeypatch.setattr(checkout, "find_spec", lambda name: found.get(name) or find_spec(name))
    with pytest.raises(UserError, match=f"the folder {tmp_path}/sweeps hides the package sweeps"):
        checkout.check()
