"""Nothing in a home depends on where it lies."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from recording_samples import SMALL, Recorded

from analysis import records
from sweeps.home import Home, resolve
from sweeps.recording import database, diagnosis, files
from sweeps.recording.summary import record_summary

PATIENCE = 240.0


def everything_in(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def as_earlier_versions_wrote_it(home: Home) -> None:
    """They recorded the addresses of files as URIs of the folder that the home lay in."""
    assert home.database is not None
    assert home.artifacts is not None
    with closing(diagnosis.connect(home.database, "rw")) as connection, connection:
        for table, column in (("experiments", "artifact_location"), ("runs", "artifact_uri")):
            connection.execute(
                f"UPDATE {table} SET {column} = replace({column}, 'mlflow-artifacts:', ?)",
                (home.artifacts.as_uri(),),
            )


def move(folder: Path, to: Path) -> None:
    folder.rename(to)


def copy(folder: Path, to: Path) -> None:
    shutil.copytree(folder, to)


def rename_what_it_is_in(folder: Path, to: Path) -> None:
    to.parent.mkdir()
    folder.rename(to)


WAYS: dict[str, tuple[Callable[[Path, Path], None], str]] = {
    "moved": (move, "other"),
    "copied": (copy, "copy #1?%20"),
    "in another folder": (rename_what_it_is_in, "a b/home"),
}


@pytest.mark.parametrize("earlier", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_a_home_is_whole_where_it_lies_now(
    recorded: Recorded, tmp_path: Path, way: str, earlier: bool
) -> None:
    key = recorded.submit(*SMALL, trials=1)
    if earlier:
        as_earlier_versions_wrote_it(recorded.home)
    change, name = WAYS[way]
    change(recorded.home.folder, tmp_path / name)
    left = everything_in(recorded.home.folder)
    now = Recorded(resolve(str(tmp_path / name)))

    found = now.read(key)
    assert len(found.curves()) == 30
    assert found.text(records.SPEC_FILE)

    now.submit(*SMALL)  # goes on with the same submission
    found = now.read(key)
    assert len(found.trials) == 2
    assert len(found.curves()) == 60
    (tmp_path / "report").touch()
    record_summary(found, tmp_path / "report")
    for run in (found.submission, *found.runs.values()):
        place = files.folder(now.home, run)
        assert place is not None
        assert place.is_relative_to(now.home.folder)
        assert place.is_dir()
        assert run.info.artifact_uri.startswith("mlflow-artifacts:/digits-mlp/")
    assert everything_in(recorded.home.folder) == left, "what it was copied from stays"


def test_a_run_whose_files_are_elsewhere_keeps_them(recorded: Recorded, tmp_path: Path) -> None:
    """Of a database that was given as --tracking: they lay in the folder of the time."""
    key = recorded.submit(*SMALL, trials=0)
    found = recorded.read(key)
    old = tmp_path / "mlruns" / "1" / found.submission.info.run_id / "artifacts"
    place = files.folder(recorded.home, found.submission)
    assert place is not None
    shutil.move(place, old)
    assert recorded.home.database is not None
    with closing(diagnosis.connect(recorded.home.database, "rw")) as connection, connection:
        connection.execute("UPDATE runs SET artifact_uri = ?", (old.as_uri(),))
    recorded.submit(*SMALL, trials=1)
    found = recorded.read(key)
    assert found.text(records.TRIALS_FILE) == (old / records.TRIALS_FILE).read_text()
    assert found.text("no such file") is None
    (run,) = found.runs.values()
    assert run.info.artifact_uri.startswith("mlflow-artifacts:/digits-mlp/")


@pytest.mark.slow
def test_mlflows_interface_finds_the_files_of_a_moved_home(
    recorded: Recorded, tmp_path: Path
) -> None:
    key = recorded.submit(*SMALL, trials=1)
    as_earlier_versions_wrote_it(recorded.home)
    home = resolve(str(tmp_path / "moved here?"))
    recorded.home.folder.rename(home.folder)
    found = Recorded(home).read(key)
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--port", str(port)]
    process = subprocess.Popen(
        command + database.server_arguments(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        start_new_session=True,
    )
    try:
        address = f"http://127.0.0.1:{port}/get-artifact?path={records.SPEC_FILE}&run_uuid="
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with urllib.request.urlopen(address + found.submission.info.run_id) as answer:
                    assert answer.read().decode() == found.text(records.SPEC_FILE)
                    return
            except (ConnectionError, urllib.error.URLError):
                assert time.monotonic() < deadline
                assert process.poll() is None
                time.sleep(0.2)
    finally:
        os.killpg(process.pid, 9)
        process.wait()


def test_files_appear_whole(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    key = recorded.submit(*SMALL, trials=0)
    found = recorded.read(key)
    of = (found.client, recorded.home, found.submission)
    before = files.read_text(*of, records.SPEC_FILE)
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        files.write_text(*of, records.SPEC_FILE, "half")
    assert files.read_text(*of, records.SPEC_FILE) == before
    place = files.folder(recorded.home, found.submission)
    assert place is not None
    assert set(os.listdir(place)) == files.names(*of)


def test_other_users_can_read_files(recorded: Recorded) -> None:
    """As the user's umask says; temporary files are often the owner's alone."""
    before = os.umask(0o022)
    try:
        recorded.submit(*SMALL, trials=1)
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in recorded.home.folder.rglob("*.*")}
    assert modes <= {0o644, 0o755}
