"""What is kept of a machine, and what happens where nothing can be measured or kept."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from sweeps.machine import this
from sweeps.plan import speed
from sweeps.plan.hardware import CPU_CORE, HARDWARE, Hardware
from trainables.data import DataError

MADE_UP = replace(CPU_CORE, seconds_per_kernel=3e-6, bf16_speedup=2.5, measured=True)
SAID = "measuring this machine: 8 to 30 s, once"

Run = Callable[..., SimpleNamespace]


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(this.PIN)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    this._measured.cache_clear()
    this.key.cache_clear()


@pytest.fixture
def measuring(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Measurements of a made-up machine that are begun, in place of real ones."""
    begun: list[str] = []

    def run(command: list[str], **how: object) -> SimpleNamespace:
        begun.append(command[-1])
        found = json.dumps({"times": {}, "rates": asdict(MADE_UP), "busy": 1.0})
        return SimpleNamespace(stdout=f"a note\n{found}\n")

    monkeypatch.setattr(subprocess, "run", run)
    return begun


def kept_file(tmp_path: Path) -> Path:
    [file] = (tmp_path / "cache").rglob("*.json")
    return file


def told() -> tuple[list[str], Hardware]:
    this._measured.cache_clear()  # as in another process
    lines: list[str] = []
    return lines, this.this_core(lines.append)


def test_a_gpu_has_rates_without_a_measurement(measuring: list[str]) -> None:
    assert this.known_for("cuda") == HARDWARE["h100"]
    assert this.known_for("cpu") == CPU_CORE
    assert measuring == []
    told()
    assert this.known_for("cpu") == MADE_UP


def test_a_machine_is_measured_once(measuring: list[str]) -> None:
    assert told() == ([SAID], MADE_UP)
    assert told() == ([], MADE_UP)
    assert this.known_core() == MADE_UP
    assert measuring == ["sweeps.machine.timing"]


@pytest.mark.parametrize("change", ["processor", "cores", "details", "torch"])
def test_another_machine_is_measured_again(
    change: str, measuring: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told()
    match change:
        case "processor":
            monkeypatch.setattr(this.provenance, "processor", lambda: "another")
        case "cores":
            monkeypatch.setattr(this.os, "cpu_count", lambda: 4711)
        case "details":  # of the same name, but another generation
            monkeypatch.setattr(this, "CPUINFO", tmp_path / "cpuinfo")
            (tmp_path / "cpuinfo").write_text("model name\t: it\nmodel\t\t: 2\nflags\t\t: amx\n\n")
        case "torch":
            monkeypatch.setattr(this, "version", lambda name: "9.9.9")
    this.key.cache_clear()
    assert told()[0] == [SAID]
    assert len(list((tmp_path / "cache").rglob("*.json"))) == 2


def test_only_the_first_processor_counts_and_its_clock_does_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "cpuinfo"
    monkeypatch.setattr(this, "CPUINFO", file)
    file.write_text("model\t: 17\ncpu MHz\t: 2596.1\nflags\t: sse\n\nmodel\t: 18\n")
    assert this._details() == ["model\t: 17", "flags\t: sse"]
    file.unlink()
    assert this._details() == []


@pytest.mark.parametrize(
    "content",
    [
        "", "{", "[]", "null", '{"rates": {}}', '{"rates": {"name": "it"}, "time": 0, "busy": 1}',
        json.dumps({"rates": asdict(MADE_UP) | {"unknown": 1}, "time": 0, "busy": 1}),
        json.dumps({"rates": asdict(MADE_UP) | {"flops_per_second": 0.0}, "time": 0, "busy": 1}),
        json.dumps({"rates": asdict(MADE_UP) | {"flops_per_second": -1.0}, "time": 0, "busy": 1}),
        json.dumps({"rates": asdict(MADE_UP) | {"bf16_speedup": "two"}, "time": 0, "busy": 1}),
        json.dumps({"rates": asdict(MADE_UP) | {"seconds_per_value": float("nan")},
                    "time": 0, "busy": 1}),
        '{"rates": ' + json.dumps(asdict(MADE_UP))[:40],
    ],
)  # fmt: skip
def test_a_damaged_file_is_measured_anew(
    content: str, measuring: list[str], tmp_path: Path
) -> None:
    told()
    kept_file(tmp_path).write_text(content)
    assert this.kept() is None
    assert this.known_core() == CPU_CORE
    assert told() == ([SAID], MADE_UP)
    assert this.kept() == MADE_UP


def test_a_measurement_of_a_busy_machine_counts_for_an_hour(
    measuring: list[str], tmp_path: Path
) -> None:
    told()
    file = kept_file(tmp_path)
    held = json.loads(file.read_text()) | {"busy": 2 * this.BUSY}
    for seconds, counts in ((60, True), (2 * this.BUSY_SECONDS, False)):
        file.write_text(json.dumps(held | {"time": time.time() - seconds}))
        assert (this.kept() == MADE_UP) is counts


@pytest.mark.parametrize(
    "error",
    [OSError("no memory"), subprocess.CalledProcessError(1, []), subprocess.TimeoutExpired([], 1)],
)
def test_where_measuring_fails_a_probe_scales_the_reference(
    error: Exception, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def run(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(speed, "probe", lambda: speed.REFERENCE_SECONDS / 2)
    speed.this_core.cache_clear()
    try:
        _, core = told()
    finally:
        speed.this_core.cache_clear()
    assert core.seconds_per_kernel == pytest.approx(CPU_CORE.seconds_per_kernel / 2)
    assert not core.measured
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("output", ["", "no JSON", '{"rates": {"name": 1}}'])
def test_a_measurement_that_says_nothing_of_use_is_one_that_failed(
    output: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=output))
    assert not told()[1].measured


def test_where_nothing_can_be_kept_it_is_measured_all_the_same(
    measuring: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def nowhere() -> Path:
        raise DataError("no folder for a cache")

    monkeypatch.setattr(this, "user_cache", nowhere)
    assert told() == ([SAID], MADE_UP)
    monkeypatch.setattr(this, "user_cache", lambda: tmp_path / "file" / "below")
    (tmp_path / "file").write_text("in the way")
    assert told() == ([SAID], MADE_UP)


def test_a_pinned_machine_is_the_reference(
    measuring: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told()
    monkeypatch.setenv(this.PIN, "reference")
    assert told() == ([], CPU_CORE)
    assert this.known_core() == CPU_CORE
    assert len(measuring) == 1
