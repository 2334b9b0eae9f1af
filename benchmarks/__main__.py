"""`python -m benchmarks [NAME ...] [--quick] [--json PATH]`.

Exit status: 0, whether targets are reached or not; 1 if a benchmark failed, or results differ that
must be the same; 2 bad input.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.harness import THREADS, Row, Spread
from benchmarks.registry import BENCHMARKS
from sweeps.home import resolve
from sweeps.provenance import versions
from sweeps.run.local_ray import WORKER_ENVIRONMENT

THREAD_ENVIRONMENT = {k: v for k, v in WORKER_ENVIRONMENT.items() if k.endswith("_THREADS")}

ROOT = Path(__file__).parents[1]


def main() -> int:
    chosen, quick, path = _arguments()
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=180)
    found: dict[str, list[Row]] = {}
    failed: list[str] = []
    begin = time.monotonic()
    for number, name in enumerate(chosen, 1):
        console.print(f"{number} of {len(chosen)}: {name}, {time.monotonic() - begin:.0f} s gone")
        rows = _measure(name, quick)
        if rows is None:
            failed.append(name)
        else:
            found[name] = rows
    _show(console, found, failed)
    if path:
        path.write_text(json.dumps(_record(found, failed, quick), indent=1) + "\n")
    return int(bool(failed) or any(row.wrong for rows in found.values() for row in rows))


def _arguments() -> tuple[list[str], bool, Path | None]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="fewer repeats, and no whole sweeps")
    parser.add_argument("--json", type=Path, metavar="PATH", help="a file for the rows, too")
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in BENCHMARKS]:
        parser.error(f"no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    every = [
        name for name, one in BENCHMARKS.items() if not one.scale and (one.quick or not given.quick)
    ]
    return given.names or every, given.quick, given.json


def _measure(name: str, quick: bool) -> list[Row] | None:
    """The rows of a benchmark, run in a worker's environment; None if it failed."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "rows.json"
        command = [sys.executable, "-m", "benchmarks.one", name, "quick" if quick else "full"]
        command += [str(resolve().data), str(output)]
        if subprocess.run(command, cwd=ROOT, env=os.environ | THREAD_ENVIRONMENT).returncode:
            return None
        return [Row.from_json(held) for held in json.loads(output.read_text())]


def _show(console: Console, found: dict[str, list[Row]], failed: list[str]) -> None:
    table = Table("work", "ours", "against", "ratio (least to most)", "target", "reached")
    notes: list[str] = []
    for rows in found.values():
        for row in rows:
            mark = ""
            if row.note:
                if row.note not in notes:
                    notes.append(row.note)
                mark = f" \\[{notes.index(row.note) + 1}]"
            table.add_row(
                row.work + mark,
                _amount(row.ours, row.unit),
                _amount(row.against, row.unit) if row.against else "",
                _ratio(row.ratio) if row.ratio else "",
                str(row.target or ""),
                {True: "yes", False: "no", None: ""}[row.reached],
            )
        table.add_section()
    console.print(table)
    for number, note in enumerate(notes, 1):
        console.print(f"[{number}] {note}", markup=False)
    for name, rows in found.items():
        for row in rows:
            if row.wrong:
                console.print(f"WRONG RESULTS in {name}: {row.wrong}", markup=False)
    for name in failed:
        console.print(f"FAILED: {name}")


def _number(value: float) -> str:
    """Three digits, or all before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _amount(spread: Spread, unit: str) -> str:
    return f"{_number(spread.median)} {unit}"


def _ratio(spread: Spread) -> str:
    if spread.least == spread.most:
        return _number(spread.median)
    return f"{_number(spread.median)} ({_number(spread.least)} to {_number(spread.most)})"


def _record(found: dict[str, list[Row]], failed: list[str], quick: bool) -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "versions": versions(),
        "threads": THREADS,
        "environment": WORKER_ENVIRONMENT,
        "quick": quick,
        "rows": [{"benchmark": name} | r.as_json() for name, rows in found.items() for r in rows],
        "failed": failed,
    }


def _commit() -> str:
    """With `-dirty` where the checkout differs; empty without git."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        asked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    except OSError:
        return ""
    return asked.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
