"""The token's file: nobody else may read it, at any time."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from sweeps.cluster import token


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_one_is_private_from_the_first_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / ".ray" / "auth_token"
    modes: list[int] = []
    opened = os.open

    def watched(name: str, flags: int, mode: int = 0o777) -> int:
        descriptor = opened(name, flags, mode)
        modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        return descriptor

    monkeypatch.setattr(os, "open", watched)
    held = os.umask(0)
    try:
        token.make(path)
    finally:
        os.umask(held)
    assert modes == [0o600]
    assert mode(path) == 0o600
    assert len(path.read_text()) == 64
    assert os.listdir(path.parent) == ["auth_token"]


def test_one_that_is_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "auth_token"
    path.write_text("mine")
    token.make(path)
    assert path.read_text() == "mine"
    assert os.listdir(tmp_path) == ["auth_token"]


def test_a_loose_one_is_mended_with_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "auth_token"
    path.write_text("mine")
    path.chmod(0o644)
    token.close(path)
    assert mode(path) == 0o600
    line = f"other users could read the token in {path} (mode 644): now 600\n"
    assert capsys.readouterr().err == line
    token.close(path)
    token.close(tmp_path / "none")
    assert capsys.readouterr().err == ""


def test_another_users_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "auth_token"
    path.write_text("shared")
    path.chmod(0o640)
    monkeypatch.setattr(os, "getuid", lambda: path.stat().st_uid + 1)
    token.close(path)
    assert mode(path) == 0o640
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("named", [True, False])
def test_where_it_is(named: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", "/elsewhere" if named else "")
    expected = Path("/elsewhere") if named else tmp_path / ".ray" / "auth_token"
    assert token.file() == expected
