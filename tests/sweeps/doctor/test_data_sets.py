"""Which data sets are there."""

from __future__ import annotations

from pathlib import Path

from sweeps.doctor import data_sets


def test_what_comes_with_packages_is_there(tmp_path: Path) -> None:
    found = data_sets.there(tmp_path / "data")
    assert found.state == "fine"
    assert found.words.startswith("digits, ")
    assert "mnist" not in found.words
    assert not list(tmp_path.iterdir())


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    assert data_sets.there(tmp_path / "data").state == "stop"
