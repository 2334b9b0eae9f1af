"""`sweeps doctor` on this machine, as a user calls it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sweeps.doctor import examination, gpu
from sweeps.home import resolve

Cli = Callable[..., Any]


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine's disk may be slow."""
    monkeypatch.setattr("sweeps.doctor.store.check.__defaults__", (0.0,))


@pytest.mark.usefixtures("patient")
def test_a_machine_that_can_run_sweeps(cli: Cli, tmp_path: Path) -> None:
    said = cli("doctor", "--quick")
    assert (said.status, said.err) == (0, "")
    subjects = [line.split("  ")[0] for line in said.out.splitlines()]
    assert {"versions", "home", "store", "leases", "records", "GPU"} <= set(subjects)
    assert "Ray" not in subjects
    assert all("fine" in line or "hint: " in line for line in said.out.splitlines())
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("patient")
def test_a_machine_that_cannot(cli: Cli, tmp_path: Path, closed: str) -> None:
    (tmp_path / "file").touch()
    said = cli("doctor", "--quick", "--store", "file/store", "--tracking", closed)
    assert said.status == 1
    assert f"no MLflow tracking server answers at {closed}" in said.out
    assert f"cannot use the store {tmp_path}/file/store" in said.out


@pytest.mark.usefixtures("patient")
def test_a_cluster_that_is_away_is_a_line_and_no_error(cli: Cli, closed: str) -> None:
    said = cli("doctor", "--quick", "--address", closed)
    assert said.status == 1
    assert said.err == ""
    assert said.out.count(closed) == 1


def test_a_cluster_of_no_name(cli: Cli) -> None:
    said = cli("doctor", "--quick", "--address", "lab")
    assert (said.status, said.out) == (2, "")
    assert "no cluster is named 'lab'" in said.err


@pytest.mark.usefixtures("patient")
def test_json_is_one_line(cli: Cli) -> None:
    said = cli("doctor", "--quick", "--json")
    (line,) = said.out.splitlines()
    assert {"subject", "state", "words"} == set(json.loads(line)[0])


def test_a_check_that_fails_itself_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raises() -> None:
        raise RuntimeError("no such\ndriver")

    monkeypatch.setattr(gpu, "seen", raises)
    found = {one.subject: one for one in examination.of_machine(resolve(str(tmp_path)), True)}
    assert found["GPU"].words == "this check failed: RuntimeError: no such driver"
    assert found["GPU"].state == "stop"
    assert found["data sets"].state == "fine"
