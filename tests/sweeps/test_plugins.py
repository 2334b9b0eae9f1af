"""Own code as a user has it: where commands look for it, what is said of it, what is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from own_code import write
from own_measure import write_all

from sweeps.loading import load, read
from sweeps.plan import expand
from sweeps.plugins import named, use
from sweeps.spec.stored import from_resolved, resolved
from trainables import plugins
from trainables.jobs.trainable import Batch

BUILT_IN = ("digits-mlp", "--set", "measure=[instability, mine:MEASURE]")


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    plugins.use(None)


def wrong(result: Any) -> str:
    """What is said, in one line, of what the user has to mend."""
    assert result.status == 2, result
    assert result.err.count("\n") == 1
    said: str = result.err
    return said.removeprefix("sweeps: ").strip()


def test_beside_the_spec_or_in_a_folder(cli: Callable[..., Any], tmp_path: Path) -> None:
    spec = write_all(tmp_path / "with")
    result = cli("plan", spec, "--format", "json")
    assert result.status == 0, result.err
    assert "measure: mine:MEASURE" in json.dumps(json.loads(result.out))
    folder = ("--plugins", str(tmp_path / "with"))
    assert cli("plan", *BUILT_IN, *folder).status == 0
    said = wrong(cli("plan", *BUILT_IN))
    assert "there is no module mine (--plugins FOLDER), and none is installed" in said
    assert said.startswith("--set measure=")
    (tmp_path / "alone.yaml").write_text(Path(spec).read_text())
    said = wrong(cli("plan", "alone.yaml"))
    assert said.startswith("alone.yaml:7: measure[1]: measure mine:MEASURE: there is no module")
    assert f"in {tmp_path}, and none" in said
    assert cli("plan", "alone.yaml", *folder).status == 0


@pytest.mark.parametrize("command", ["plan", "run", "submit"])
def test_a_folder_that_is_none(cli: Callable[..., Any], tmp_path: Path, command: str) -> None:
    (tmp_path / "file").touch()
    said = wrong(cli(command, "digits-mlp", "--plugins", "nowhere"))
    assert said.startswith("--plugins nowhere: there is no such folder")
    assert wrong(cli(command, "digits-mlp", "--plugins", "file")).startswith(
        "--plugins file: this is a file"
    )


MADE = """from dataclasses import dataclass
from trainables.measures import Column, Measure
C = (Column(name="a"),)

"""
MEASURE = "MEASURE = Measure(name='a', columns=C, compute=lambda w, c, o: {'a': 1}, Options=O)"


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("x = 1\nMEASURE = [\n", "SyntaxError: '[' was never closed (mine.py:2)"),
        ("import nothing_here", "No module named 'nothing_here' (mine.py:1)"),
        ("\n\nMEASURES = 1", "mine.py has no 'MEASURE'; did you mean 'MEASURES'?"),
        ("MEASURE = 3", "it is a int, not a trainables.measures.Measure"),
        ("from trainables.measures import Measure\nMEASURE = Measure(7)", "(mine.py:2)"),
        ("import random\nrandom.nothing()", "no attribute 'nothing' (mine.py:2)"),
        ("import sys\nsys.exit(0)", "SystemExit: 0 (mine.py:2)"),
        (MADE + "def f(w): ...\nMEASURE = Measure(name='a', columns=C, compute=f)", "(mine.py:5)"),
        (MADE + "@dataclass\nclass O:\n    a: int = 1\n" + MEASURE, "must be a frozen dataclass"),
        (
            MADE + "@dataclass(frozen=True)\nclass O:\n    a: object = print\n" + MEASURE,
            "its option a is a builtin_function_or_method; allowed are numbers, text,",
        ),
        ("import yaml", "has the name of an installed module, yaml in "),
    ],
)
def test_bad_code_is_one_line(
    cli: Callable[..., Any], tmp_path: Path, module: str, said: str
) -> None:
    spec = write_all(tmp_path)
    write(tmp_path, {"mine": module, "yaml": "1 / 0"})
    line = wrong(cli("plan", spec))
    assert "own.yaml:7: measure[1]: measure mine:MEASURE: " in line
    assert said in line
    assert not (tmp_path / "home").exists()


def test_two_measures_of_one_column_are_both_named(cli: Callable[..., Any], tmp_path: Path) -> None:
    spec = write_all(tmp_path)
    module = MADE.replace('"a"', '"instability_test"') + MEASURE.replace(", Options=O", "")
    write(tmp_path, {"mine": module})
    said = wrong(cli("plan", spec))
    assert said.endswith(
        "measure[1]: mine:MEASURE has a column 'instability_test', and so has instability: name it "
        "otherwise"
    )


def test_what_a_sweep_carries(tmp_path: Path) -> None:
    """The modules that it uses, with what they import, and nothing else of their folder."""
    spec = write_all(tmp_path)
    write(tmp_path, {"unused": "1 / 0", "torch": "1 / 0"})
    use(spec, None)
    sweep, _ = load(spec)
    own = Batch((), "", Path(), 1.0).own
    assert [one.file for one in own.sources] == ["lab/scales.py", "mine.py"]
    assert named(read(spec)[0]) == list(own.sources)
    assert sweep.measure[1].source == own.digest
    use("digits-mlp", None)
    assert Batch((), "", Path(), 1.0).own == plugins.OwnCode()
    assert named(read("digits-mlp")[0]) == []


def test_source_is_part_of_keys(tmp_path: Path) -> None:
    """Comments are not, nor is the folder; other jobs stay as they are."""

    def keys(folder: Path) -> tuple[set[str], set[str]]:
        spec = str(folder / "own.yaml")
        use(spec, None)
        found = expand(load(spec)[0]).jobs.values()
        mine = {job.key for job in found if "mine" in job.task}
        return mine, {job.key for job in found} - mine

    write_all(tmp_path / "one")
    mine, others = keys(tmp_path / "one")
    assert len(mine) == 2
    write_all(tmp_path / "two")
    with (tmp_path / "two" / "mine.py").open("a") as file:
        file.write("\n# a comment\n")
    assert keys(tmp_path / "two") == (mine, others)
    write_all(tmp_path / "three", scale=3.0)
    changed, same = keys(tmp_path / "three")
    assert same == others
    assert not changed & mine


def test_a_stored_spec_needs_no_code(tmp_path: Path) -> None:
    spec = write_all(tmp_path)
    use(spec, None)
    sweep, _ = load(spec)
    stored = json.loads(json.dumps(resolved(sweep)))
    plugins.use(None)
    assert expand(from_resolved(stored)).jobs.keys() == expand(sweep).jobs.keys()
    assert plugins.here() == plugins.OwnCode()
