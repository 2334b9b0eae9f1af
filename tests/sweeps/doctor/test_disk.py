"""Disks that are small or read-only."""

from __future__ import annotations

from pathlib import Path

from sweeps.doctor import disk


def test_room_for_a_folder_that_is_not_there_is_looked_for_above(tmp_path: Path) -> None:
    found = disk.room("home", tmp_path / "a" / "b", too_little=0, little=0)
    assert found.state == "fine"
    assert not list(tmp_path.iterdir())


def test_little_room_is_a_hint(tmp_path: Path) -> None:
    found = disk.room("home", tmp_path, too_little=0, little=1e18)
    assert (found.state, "sweeps plan SPEC" in found.words) == ("hint", True)


def test_a_small_disk_stops(small_disk: Path) -> None:
    found = disk.room("home", small_disk / "home")
    assert found.state == "stop"
    assert found.words == f"only 1 MB free in {small_disk / 'home'}: free some"


def test_a_read_only_folder_stops(read_only: Path) -> None:
    found = disk.room("home", read_only / "home")
    assert found.state == "stop"
    assert "Read-only file system" in found.words


def test_a_file_in_place_of_a_folder_stops(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = disk.room("home", tmp_path / "file" / "home")
    assert (found.state, found.words) == (
        "stop",
        f"{tmp_path / 'file'} is a file: name another folder",
    )
