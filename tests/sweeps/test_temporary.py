"""Where temporary files go, and what a user without an account is called."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from sweeps import temporary
from sweeps.errors import UserError
from sweeps.temporary import LONGEST, names_of_user, short_temporary_folder

SLURM = "/scratch/" + "slurm-job-folder/" * 5
"""As long as those that clusters set."""


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A folder that counts as short, whatever pytest calls it."""
    monkeypatch.setattr(temporary, "LONGEST", len(os.fsencode(tmp_path)) + 20)
    return str(tmp_path)


def test_what_is_short_enough_stays(short: str) -> None:
    assert short_temporary_folder({"TMPDIR": short}, ["/none"]) == {}
    assert short_temporary_folder({}, [short]) == {}


def test_an_empty_variable_is_unset_and_a_relative_path_is_replaced(
    short: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ray takes both for the current folder, which its processes do not share."""
    monkeypatch.setattr(temporary, "FOLDERS", (short,))
    environment = {"TMPDIR": "", "RAY_TMPDIR": "", "HOME": short, "USER": "somebody"}
    temporary.mend(environment)
    assert "TMPDIR" not in environment
    assert "RAY_TMPDIR" not in environment
    own = str(Path(short) / f"sweeps-{os.getuid()}")
    assert short_temporary_folder({"TMPDIR": "."}, [short]) == {"TMPDIR": own}


@pytest.mark.parametrize("name", ["TMPDIR", "RAY_TMPDIR"])
def test_a_long_path_is_replaced_by_a_folder_of_ones_own(short: str, name: str) -> None:
    found = short_temporary_folder({name: SLURM}, ["/none", short])
    own = Path(short) / f"sweeps-{os.getuid()}"
    assert found == {name: str(own)}
    assert stat.S_IMODE(own.stat().st_mode) == 0o700
    assert short_temporary_folder({name: SLURM}, [short]) == found, "the same again"
    assert short_temporary_folder({name: SLURM}, [str(own)]) == found, "none inside it"


def test_a_folder_that_somebody_else_may_have_made_is_not_used(short: str) -> None:
    own = Path(short) / f"sweeps-{os.getuid()}"
    own.symlink_to("/")
    found = short_temporary_folder({"TMPDIR": SLURM}, [short])["TMPDIR"]
    assert Path(found) != own
    assert Path(found).parent == Path(short)


def test_none_at_all_is_one_line() -> None:
    with pytest.raises(UserError, match=rf"TMPDIR is {SLURM}; set TMPDIR to one .* {LONGEST} by"):
        short_temporary_folder({"TMPDIR": SLURM}, ["/none"])


def test_rays_sockets_fit_into_the_longest_path() -> None:
    session = "session_2026-01-31_12-00-00_000000_4194304"
    assert len(f"{'x' * LONGEST}/ray/{session}/sockets/plasma_store") <= 107


def test_a_user_with_a_home_and_a_name_needs_nothing(tmp_path: Path) -> None:
    if os.path.expanduser("~") != "~" and os.access(os.path.expanduser("~"), os.W_OK):
        assert names_of_user({}) == {}


def test_a_user_without_an_account(monkeypatch: pytest.MonkeyPatch, short: str) -> None:
    """As `docker run --user` has them."""

    def nobody(*_: object) -> None:
        raise KeyError("getpwuid(): uid not found: 12345")

    for name in ("HOME", "USER", "LOGNAME", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", nobody)
    found = names_of_user({"TMPDIR": short})
    assert Path(found["HOME"]).parent == Path(short)
    assert found["USER"] == f"uid-{os.getuid()}"


def test_a_home_that_cannot_be_written_to_stays(
    monkeypatch: pytest.MonkeyPatch, short: str
) -> None:
    monkeypatch.setenv("HOME", "/proc")
    monkeypatch.setattr(os, "access", lambda path, mode: path != "/proc")
    assert names_of_user({"TMPDIR": short}).keys() == {"MPLCONFIGDIR"}
    assert names_of_user({"TMPDIR": short, "MPLCONFIGDIR": short}) == {}
