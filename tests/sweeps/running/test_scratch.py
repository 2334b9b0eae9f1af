"""Tune's own files: no driver leaves any, and none takes away another's."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from sweeps.running.scratch import PREFIX, scratch
from trainables.processes import mark

MACHINE, PID = mark().rpartition("-")[::2]
GONE = "4999999"
"""Above every process number that Linux gives."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_what_dead_drivers_have_left_is_removed(folder: Path) -> None:
    left = folder / f"{PREFIX}{MACHINE}-{GONE}-a_b1"
    (left / "0" / "sweep").mkdir(parents=True)
    (left / "0" / "file").write_text("half")
    with scratch() as made:
        assert list(folder.iterdir()) == [made]
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        f"{PREFIX}{MACHINE}-{PID}-abc",
        f"{PREFIX}{MACHINE}-1-abc",
        f"{PREFIX}00000000-{GONE}-abc",
        f"{PREFIX}abcdefgh",
        f"{PREFIX}{GONE}-abc",
        "something-else",
    ],
    ids=["alive", "another user's", "another machine's", "no mark", "half a mark", "not ours"],
)
def test_what_may_be_in_use_stays(folder: Path, name: str) -> None:
    (folder / name).mkdir()
    with scratch() as made:
        assert set(folder.iterdir()) == {made, folder / name}
    assert list(folder.iterdir()) == [folder / name]


def test_what_another_user_left_stays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = folder / f"{PREFIX}{MACHINE}-{GONE}-abc"
    left.mkdir()
    user = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: user + 1)
    with scratch():
        assert left.exists()


def test_a_link_is_not_followed(folder: Path) -> None:
    (folder / "precious").mkdir()
    (folder / "precious" / "file").write_text("kept")
    (folder / f"{PREFIX}{MACHINE}-{GONE}-abc").symlink_to(folder / "precious")
    with scratch():
        pass
    assert (folder / "precious" / "file").read_text() == "kept"
