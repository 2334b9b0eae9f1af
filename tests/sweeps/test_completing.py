"""What a shell completes a command line with, and how long that may take."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sweeps.builtin import builtin_specs
from sweeps.recording import database
from trainables.recipes import RECIPES

Cli = Callable[..., Any]
ROOT = Path(__file__).parents[2]
HEAVY = {"torch", "ray", "mlflow", "pandas", "numpy", "matplotlib"}


@pytest.fixture
def completed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """What `sweeps` answers bash when Tab is pressed at the end of a line."""

    def ask(line: str) -> list[str]:
        monkeypatch.setenv("_SWEEPS_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
        said = cli()
        assert (said.status, said.err) == (0, "")
        return list(said.out.split("\n")[:-1])

    return ask


def test_specs_are_completed_and_files(
    completed: Callable[[str], list[str]], tmp_path: Path
) -> None:
    for name in ("mine.yaml", "mine.txt", ".mine.yaml"):
        (tmp_path / name).touch()
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "own.yml").touch()
    assert completed("sweeps run ")[: len(builtin_specs())] == list(builtin_specs())
    assert completed("sweeps plan m") == ["mine.yaml", "more/"]
    assert completed("sweeps submit more/") == ["more/own.yml"]
    assert completed("sweeps specs lenet-m") == ["lenet-mnist"]
    assert completed("sweeps run nowhere/") == [""]


def test_names_of_what_a_spec_can_name_are_completed(
    completed: Callable[[str], list[str]],
) -> None:
    assert completed("sweeps recipes ") == list(RECIPES)
    assert completed("sweeps show recipe lenet") == ["lenet-mnist"]
    assert completed("sweeps networks lenet") == ["lenet-300-100"]
    assert completed("sweeps data cifar10") == ["cifar10", "cifar100", "cifar10-jpeg"]
    assert completed("sweeps measures dis") == ["distance", "disagreement"]
    assert "synflow" in completed("sweeps pruning s")
    assert completed("sweeps specs --paper ") == ["lmc", "unmasking"]


def test_sweeps_of_a_home_are_completed(
    completed: Callable[[str], list[str]], tmp_path: Path
) -> None:
    assert completed("sweeps results ") == [""]  # there is no home yet
    from sweeps.home import resolve

    home = resolve(str(tmp_path / "there"))
    home.make()
    client = database.client_of(home, write=True)
    for name in ("digits-mlp", "digits-fig4", "gone"):
        client.create_experiment(name)
    client.delete_experiment(client.get_experiment_by_name("gone").experiment_id)
    assert completed(f"sweeps results --home {home.folder} ") == ["digits-fig4", "digits-mlp"]
    assert completed(f"sweeps report --home {home.folder} digits-m") == ["digits-mlp"]
    with closing(sqlite3.connect(tmp_path / "other")) as other:
        other.execute("CREATE TABLE other (name)")
    # A database that is none of ours completes nothing, and says nothing.
    assert completed(f"sweeps ui --home {tmp_path} --tracking sqlite:///{tmp_path}/other ") == [""]


def test_no_answer_imports_what_takes_long(tmp_path: Path) -> None:
    lines = ["sweeps run ", "sweeps results ", "sweeps recipes ", "sweeps networks ",
             "sweeps data ", "sweeps pruning "]  # fmt: skip
    code = f"""
import os, sys
from sweeps.cli import main
for line in {lines!r}:
    os.environ |= {{"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}}
    try: main([])
    except SystemExit: pass
print(*sorted({{name.partition(".")[0] for name in sys.modules}}))
"""
    environment = {**os.environ, "_SWEEPS_COMPLETE": "complete_bash", "PYTHONPATH": str(ROOT)}
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                           env=environment, cwd=tmp_path, check=True)  # fmt: skip
    assert "resnet50-imagenet" in ended.stdout
    assert not HEAVY & set(ended.stdout.splitlines()[-1].split())


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_bash_learns_it_from_install_completion(tmp_path: Path) -> None:
    command = tmp_path / "bin" / "sweeps"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m sweeps "$@"\n')
    command.chmod(0o755)
    script = """
sweeps --install-completion
. ~/.bashrc
COMP_WORDS=(sweeps run lenet-); COMP_CWORD=2
_sweeps_completion sweeps
printf '%s\n' "${COMPREPLY[@]}"
"""
    environment = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT),
                   "PATH": f"{command.parent}:{os.environ['PATH']}"}  # fmt: skip
    ended = subprocess.run(["bash", "-c", script], capture_output=True, text=True,
                           env=environment, cwd=tmp_path)  # fmt: skip
    assert ended.stdout.splitlines()[-2:] == ["lenet-mnist", "lenet-optimizer"], ended.stderr
