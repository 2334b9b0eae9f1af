"""Which cluster is meant."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sweeps.cluster import config
from sweeps.errors import UserError

LAB = """
default: lab
clusters:
  lab:
    address: http://127.0.0.1:8265
    tracking: http://127.0.0.1:5000
    token_file: {token}
  cloud: {{address: "https://sweeps.example", token_variable: CLOUD_TOKEN}}
"""


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SWEEPS_CONFIG", str(tmp_path / "clusters.yaml"))
    monkeypatch.setenv("HOME", str(tmp_path))
    names = ["SWEEPS_ADDRESS", "SWEEPS_TRACKING", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN"]
    for name in [*names, "RAY_AUTH_TOKEN_PATH", "CLOUD_TOKEN"]:
        monkeypatch.setenv(name, "")  # so that it is as before afterwards
        monkeypatch.delenv(name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "token").write_text("secret")
    path = tmp_path / "clusters.yaml"
    path.write_text(LAB.format(token=tmp_path / "token"))
    return path


def test_the_option_comes_before_the_environment_and_that_before_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert config.find(None).name == "lab"
    monkeypatch.setenv("SWEEPS_ADDRESS", "http://10.0.0.1:8265/")
    assert config.find(None).address == "http://10.0.0.1:8265"
    assert config.find("lab").tracking == "http://127.0.0.1:5000"
    monkeypatch.setenv("SWEEPS_TRACKING", "http://10.0.0.1:5000")
    assert config.find(None).tracking == "http://10.0.0.1:5000"
    assert config.find("lab").tracking == "http://127.0.0.1:5000"


def test_a_token_is_found_as_the_file_says(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.find("lab").authenticate()
    assert os.environ["RAY_AUTH_MODE"] == "token"
    assert os.environ["RAY_AUTH_TOKEN_PATH"] == str(tmp_path / "token")
    with pytest.raises(UserError, match=r"CLOUD_TOKEN, which .* names, holds no token"):
        config.find("cloud")
    monkeypatch.setenv("CLOUD_TOKEN", "other")
    config.find("cloud").authenticate()
    assert os.environ["RAY_AUTH_TOKEN"] == "other"
    assert "RAY_AUTH_TOKEN_PATH" not in os.environ
    (tmp_path / "token").unlink()
    with pytest.raises(UserError, match="there is no token file"):
        config.find("lab")


def test_without_a_token_there_is_no_authentication(tmp_path: Path) -> None:
    config.find("http://127.0.0.1:8265").authenticate()
    assert "RAY_AUTH_MODE" not in os.environ
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text("secret")
    config.find("http://127.0.0.1:8265").authenticate()
    assert os.environ["RAY_AUTH_MODE"] == "token"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "which cluster? --address URL or NAME, or SWEEPS_ADDRESS, or a default in"),
        ("clusters: [", "cannot read"),
        ("clusters: 3", "clusters: Input should be"),
        ("default: lab", "default 'lab' is not a cluster of the file"),
        ("clusters: {lab: {address: 127.0.0.1}}", "clusters.lab.address: "),
        ("clusters: {lab: {adress: http://x}}", "clusters.lab.address: Field required"),
        (
            "clusters: {lab: {address: http://x, token_file: a, token_variable: b}}",
            "give token_file or token_variable, not both",
        ),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "clusters.yaml").write_text(text)
    with pytest.raises(UserError) as error:
        config.find(None)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_an_unknown_name_says_which_there_are(file: Path) -> None:
    with pytest.raises(UserError, match=r"no cluster is named 'labb' .*did you mean 'lab'\?"):
        config.find("labb")
    with pytest.raises(UserError, match="ssh://lab is not a cluster's address"):
        config.find("ssh://lab")


@pytest.mark.parametrize("home", [None, "/proc/1"])
def test_a_user_without_a_home_of_his_own(
    home: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No account, or a home that belongs to somebody else."""

    def nobody(uid: int) -> None:
        raise KeyError(uid)

    def forbidden(path: Path, **_: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.delenv("SWEEPS_CONFIG")
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", nobody)
    if home:
        monkeypatch.setenv("HOME", home)
        monkeypatch.setattr(Path, "read_text", forbidden)
    found = config.find("http://127.0.0.1:8265")
    assert found.address == "http://127.0.0.1:8265"
    with pytest.raises(UserError, match=r"or a default in .*\.config/sweeps/clusters\.yaml"):
        config.find(None)
