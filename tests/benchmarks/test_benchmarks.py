"""Every benchmark runs, with counts that are as small as they can be."""

from __future__ import annotations

import json
import sys
from dataclasses import fields, replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks import paths, planes, sweeps_through_cli, training
from benchmarks.harness import Effort, Row, Setting, Spread, Target
from benchmarks.registry import BENCHMARKS
from sweeps.display import outcome_text
from sweeps.running.outcome import Outcome
from sweeps.running.progress import Tally
from trainables.recipe import Recipe

LEAST = Effort(repeats=1, scale=0.0)


@pytest.fixture
def small(mnist, monkeypatch):
    monkeypatch.setattr(training, "RESNET20", replace(training.RESNET20, batch_size=4))
    monkeypatch.setattr(training, "GEMM_SIZES", (64,))
    monkeypatch.setattr(paths, "RESNET20_CHUNK", 3)
    monkeypatch.setattr(planes, "RESNET20_EXAMPLES", 3)
    return Setting(LEAST, mnist)


QUICK = [name for name, one in BENCHMARKS.items() if one.quick and not one.scale]


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
def test_quick_benchmarks_run(name, small):
    if "bf16" in name and "precision" not in {field.name for field in fields(Recipe)}:
        pytest.skip("recipes have no precision")
    if "stacked" in name and find_spec("trainables.training.group") is None:
        pytest.skip("there is no stacked training")
    rows = BENCHMARKS[name].measure(small)
    assert rows
    for row in rows:
        assert row.ours.least > 0
        assert not row.wrong
        assert Row.from_json(json.loads(json.dumps(row.as_json()))) == row


def test_memory_is_measured(small):
    (row,) = BENCHMARKS["lenet-memory"].measure(small)
    assert row.reached
    assert 50 < row.ours.median < 50_000


def test_a_run_says_what_the_sweep_benchmarks_read():
    outcome = Outcome(
        Tally(jobs=2, trainings=1, reused=0),
        submission="0" * 32,
        worker_startup_seconds=9.5,
        overhead_seconds_per_job=0.125,
        utilisation=0.934,
        out_of_work=0.05,
    )
    text = str(outcome_text(outcome, "again", Path("log")))
    found = sweeps_through_cli.BUSY.search(text)
    assert found is not None
    assert (float(found[1]), float(found[2])) == (93.0, 125.0)


def row(**changes):
    held = Row("some work", Spread(1.5, 1.0, 2.0), "ms", target=Target(most=1), note="a note")
    return replace(held, **changes)


def run(monkeypatch, rows, *arguments):
    """Exit status of the command whose benchmarks give these rows."""
    monkeypatch.setattr(sys, "argv", ["benchmarks", "lenet-path", *arguments])
    monkeypatch.setattr(command, "_measure", lambda name, quick: rows)
    return command.main()


def test_a_missed_target_is_no_failure(monkeypatch, capsys):
    assert run(monkeypatch, [row()]) == 0
    shown = capsys.readouterr().out
    assert "some work [1]" in shown
    assert "[1] a note" in shown
    assert "no" in shown


def test_wrong_results_are_a_failure(monkeypatch, capsys):
    assert run(monkeypatch, [row(wrong="errors differ")]) == 1
    assert "WRONG RESULTS in lenet-path: errors differ" in capsys.readouterr().out


def test_a_benchmark_that_raises_is_a_failure(monkeypatch, capsys):
    assert run(monkeypatch, None) == 1
    assert "FAILED: lenet-path" in capsys.readouterr().out


def test_json_says_with_what_it_was_measured(monkeypatch, tmp_path):
    path = tmp_path / "rows.json"
    assert run(monkeypatch, [row()], "--quick", "--json", str(path)) == 0
    held = json.loads(path.read_text())
    assert {"python", "torch", "ray", "mlflow", "numpy", "cpu"} <= held["versions"].keys()
    assert held["threads"] == 1
    assert held["quick"] is True
    assert held["rows"][0]["benchmark"] == "lenet-path"
    assert held["rows"][0]["ours"] == {"median": 1.5, "least": 1.0, "most": 2.0}


def test_an_unknown_name_is_said(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["benchmarks", "no-such"])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 2
    assert "no benchmark 'no-such'; there are lenet-iteration" in capsys.readouterr().err


@pytest.mark.slow
def test_sweep_benchmarks_run(small, monkeypatch):
    """Whole sweeps on real Ray, with trainings of a few iterations."""
    short = "recipe.length=20"
    monkeypatch.setattr(sweeps_through_cli, "DENSE", (*sweeps_through_cli.DENSE, short))
    imp = (short, *sweeps_through_cli.IMP[1:-1])
    levels = "subnetworks=[{strategy: dense}, {strategy: imp, levels: [1, 2]}]"
    monkeypatch.setattr(sweeps_through_cli, "IMP", (*imp, levels))
    for name, expected in (("lenet-dense-sweep", 3), ("lenet-imp-sweep", 4)):
        rows = BENCHMARKS[name].measure(small)
        assert len(rows) == expected
        assert all(row.ours.least > 0 for row in rows)
