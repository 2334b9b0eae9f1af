"""Tokens that others can read, and clusters that ask for none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sweeps.doctor import token

TOKEN = "d41d8cd9"


@pytest.mark.parametrize(
    ("content", "mode", "state", "said"),
    [
        ("TOKEN", 0o600, "fine", "for its owner alone"),
        ("TOKEN", 0o644, "hint", "other users can read"),
        ("TOKEN", 0o660, "hint", "chmod 600"),
        ("\n", 0o600, "hint", "is empty"),
    ],
)
def test_the_file(tmp_path: Path, content: str, mode: int, state: str, said: str) -> None:
    file = tmp_path / "auth_token"
    file.write_text(content.replace("TOKEN", TOKEN))
    file.chmod(mode)
    found = token.file(file)
    assert found.state == state
    assert said in found.words
    assert TOKEN not in found.words
    assert file.stat().st_mode & 0o777 == mode


def test_no_file_and_no_token_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "none"))
    assert token.file().words.startswith("none; ")
    monkeypatch.setenv("RAY_AUTH_TOKEN", TOKEN)
    assert token.file().words == "RAY_AUTH_TOKEN holds one"


def test_a_cluster_that_asks_for_one(answering: Callable[..., str]) -> None:
    assert token.asked_for(answering(401)).state == "fine"
    assert token.asked_for(answering(403)).state == "fine"


def test_a_cluster_that_asks_for_none(answering: Callable[..., str]) -> None:
    found = token.asked_for(answering(200, "[]"))
    assert found.state == "hint"
    assert "whoever reaches it runs anything" in found.words


def test_no_cluster(closed: str) -> None:
    assert token.asked_for(closed).state == "stop"
