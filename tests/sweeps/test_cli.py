"""The command line as a user calls it: output, exit statuses, errors in one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SWEEPS = [sys.executable, "-c", "from sweeps.cli import main; main()"]


def sweeps(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"SWEEPS_HOME": str(cwd / "home"), "COLUMNS": "200"}
    return subprocess.run(
        [*SWEEPS, *arguments], capture_output=True, text=True, cwd=cwd, env=environment
    )


def test_help_and_specs(tmp_path: Path) -> None:
    overview = sweeps("--help", cwd=tmp_path)
    assert overview.returncode == 0
    for command in ("specs", "plan", "run", "results", "report", "ui", "node", "images"):
        assert f"\n  {command} " in overview.stdout
    assert "digits-mlp" in sweeps("specs", cwd=tmp_path).stdout


def test_plan_as_table_and_json(tmp_path: Path) -> None:
    table = sweeps("plan", "digits-mlp", "--workers", "2", cwd=tmp_path)
    assert table.returncode == 0
    assert "99 trials of digits-mlp" in table.stdout
    assert "5.1 times fewer iterations" in table.stdout
    plan = json.loads(sweeps("plan", "digits-mlp", "--format", "json", cwd=tmp_path).stdout)
    assert plan["trainings"] == {"planned": 171, "to_do": 171}
    assert plan["iterations"]["planned"] == 179_280
    halved = sweeps("plan", "digits-mlp", "--set", "inits=1", "--format", "json", cwd=tmp_path)
    assert json.loads(halved.stdout)["trainings"]["planned"] == 57
    assert not (tmp_path / "home").exists(), "planning must write nothing"


def test_plan_with_a_price(tmp_path: Path) -> None:
    """Every worker is paid for as long as the sweep takes."""
    priced = ("plan", "digits-mlp", "--price-per-hour", "3600", "--workers", "4")
    plan = json.loads(sweeps(*priced, "--format", "json", cwd=tmp_path).stdout)
    assert plan["estimated_cost"] == pytest.approx(4 * plan["estimated_seconds"])
    assert (
        f"Cost: {plan['estimated_cost']:,.2f}, at 3600 an" in sweeps(*priced, cwd=tmp_path).stdout
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "digit-mlp"], "did you mean 'digits-mlp'"),
        (["plan", "nothing.yaml"], "no such file"),
        (["run", "digits-mlp", "--set", "recipe.iterations=0"], "iterations must be at least 1"),
        (["run", "digits-mlp", "--set", "rewind=[]"], "the list is empty"),
        (["run", "digits-mlp", "--store", "/dev/null/store"], "cannot use the store"),
        (["run", "digits-mlp", "--store", "gopher://x"], "Protocol not known"),
        (["run", "digits-mlp", "--home", "/dev/null/home"], "cannot use the"),
        (["plan", "digits-mlp", "--format", "xml"], "allowed: json, table"),
        (["plan", "digits-mlp", "--price-per-hour", "0"], "must be a number above 0"),
        (["plan", "digits-mlp", "--price-per-hour", "nan"], "must be a number above 0"),
        (["results", "digits-mlp"], "nothing is recorded"),
        (["report", "digits-mlp"], "nothing is recorded"),
        (["ui"], "nothing is recorded"),
        (["results", "digits-mlp", "--format", "parquet"], "needs --output"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_and_status_2(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    result = sweeps(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert message in result.stderr
    assert result.stderr.startswith("sweeps: ")
    assert result.stderr.count("\n") == 1
    assert not result.stdout
    assert not list(tmp_path.rglob("*")), "bad input must write nothing"


def test_unknown_option_is_status_2(tmp_path: Path) -> None:
    result = sweeps("run", "digits-mlp", "--wrokers", "2", cwd=tmp_path)
    assert result.returncode == 2
    assert "No such option" in result.stderr
    assert "Traceback" not in result.stderr
