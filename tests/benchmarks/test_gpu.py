"""The GPU's benchmark on a CPU, its tables, and rates fitted to its rows."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.gpu import __main__ as command
from benchmarks.gpu import fit, table
from sweeps.plan.hardware import HARDWARE, Hardware
from trainables.training.stack import MOST

ROOT = Path(__file__).parents[2]
ROWS = table.read(ROOT / "benchmarks/gpu/h100.jsonl")


def measured(out: Path, **options: Any) -> list[dict[str, Any]]:
    command.measure("cpu", out, options.pop("seconds", 60.0), small=True, **options)
    return [json.loads(line) for line in out.read_text().splitlines()]


@pytest.mark.slow
def test_the_same_rows_on_a_cpu(tmp_path: Path) -> None:
    about, *rows = measured(tmp_path / "new" / "rows.jsonl", only={"lenet"})
    assert about["row"] == "about"
    assert {row["row"] for row in rows} == {"training", "bits", "path"}
    assert {row["network"] for row in rows} == {"lenet"}
    assert not [row for row in rows if "error" in row]
    trainings = [row for row in rows if row["row"] == "training"]
    assert {row["backend"] for row in trainings} == {"loop", "stacked"}
    for row in trainings:
        assert row["images_per_second"] == pytest.approx(60 * row["per_second"])
    [bits] = [row for row in rows if row["row"] == "bits"]
    assert [value for key, value in bits.items() if ": " in key and value is False] == []
    assert "| lenet | fp32 | loop | 1 |" in table.markdown(rows)


def test_only_measures_the_kinds_of_rows_that_are_named(tmp_path: Path) -> None:
    _, *rows = measured(tmp_path / "rows.jsonl", only={"gemm"})
    assert [row["precision"] for row in rows] == ["fp32", "bf16"]
    assert all(row["flops_per_second"] > 0 for row in rows)


def test_a_row_that_fails_says_why_and_the_others_go_on(tmp_path: Path, monkeypatch) -> None:
    def broken() -> dict[str, Any]:
        raise RuntimeError("out of memory\nand more")

    three = [({"row": "first"}, broken), ({"row": "second"}, lambda: {"found": 1})]
    monkeypatch.setattr(command, "rows", lambda device, small: three)
    _, first, second = measured(tmp_path / "rows.jsonl")
    assert first["error"] == "RuntimeError: out of memory"
    assert second["found"] == 1
    text = table.markdown([first, second])
    assert "- first: RuntimeError: out of memory" in text


def test_no_row_begins_after_the_time_is_up(tmp_path: Path) -> None:
    _, *rows = measured(tmp_path / "rows.jsonl", seconds=0.0)
    assert {row["error"] for row in rows} == {"not run: no time left"}
    assert len(rows) > 10


def synthetic(on: Hardware) -> list[dict[str, Any]]:
    """Rows of trainings that take what the planner expects on some hardware."""
    deciding = filter(fit.decides, fit.trainings(ROWS))
    return [{**row, "per_second": 1 / fit.estimate(row, on)} for row in deciding]


def test_rates_that_made_rows_are_found_again(monkeypatch) -> None:
    monkeypatch.setattr(fit, "SPEEDUPS", fit.SPEEDUPS[::6])
    known = replace(
        fit.NOTHING, seconds_per_kernel=80e-6, stacked_share=0.1, flops_per_second=30e12,
        seconds_per_value=9e-12, seconds_per_parameter=2e-11, stacked_rate=0.4,
        bf16_speedup=float(fit.SPEEDUPS[4]), tf32_speedup=float(fit.SPEEDUPS[2]),
    )  # fmt: skip
    found = fit.fit(synthetic(known), "made up")
    assert found.name == "made up"
    for field, value in asdict(known).items():
        if isinstance(value, float):
            assert getattr(found, field) == pytest.approx(value, rel=1e-3), field


def test_rows_that_failed_or_are_of_small_stacks_decide_nothing() -> None:
    failed = {"row": "training", "network": "lenet", "backend": "loop", "replicas": 1, "error": "x"}
    assert fit.trainings([failed]) == []
    assert {row["replicas"] for row in fit.trainings(ROWS)} == {1, 16}


def test_the_planner_has_the_rates_that_were_fitted() -> None:
    on = HARDWARE["h100"]
    assert on.places == MOST["cuda"]
    deciding = [row for row in fit.trainings(ROWS) if fit.decides(row)]
    assert len(deciding) == 16
    ratios = [fit.estimate(row, on) * row["per_second"] for row in deciding]
    assert min(ratios) == pytest.approx(0.76, abs=0.006)
    assert max(ratios) == pytest.approx(1.11, abs=0.006)


def test_the_page_shows_what_was_measured() -> None:
    page = (ROOT / "docs/explanation/gpu.md").read_text().splitlines()
    tables = [line for line in table.markdown(ROWS).splitlines() if line.startswith("|")]
    fitted = fit.compared(ROWS, HARDWARE["h100"]).splitlines()
    assert [line for line in [*tables, *fitted] if line not in page] == []
