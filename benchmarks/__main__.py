"""`python -m benchmarks [NAME ...] [--quick] [--json PATH] [--markdown PATH]`.

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

from benchmarks import table
from benchmarks.harness import THREADS, Row
from benchmarks.registry import BENCHMARKS
from sweeps.home import resolve
from sweeps.placement import WORKER_ENVIRONMENT
from sweeps.provenance import versions

THREAD_ENVIRONMENT = {k: v for k, v in WORKER_ENVIRONMENT.items() if k.endswith("_THREADS")}

ROOT = Path(__file__).parents[1]


def main() -> int:
    given = _arguments()
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=180)
    found: dict[str, list[Row]] = {}
    failed: list[str] = []
    begin = time.monotonic()
    for number, name in enumerate(given.names, 1):
        gone = time.monotonic() - begin
        console.print(f"{number} of {len(given.names)}: {name}, {gone:.0f} s gone")
        measured = _measure(name, given.quick)
        if measured is None:
            failed.append(name)
        else:
            found[name] = measured
    rows = [row for rows in found.values() for row in rows]
    console.print(table.for_terminal(rows))
    for name, of in found.items():
        for row in of:
            if row.wrong:
                console.print(f"WRONG RESULTS in {name}: {row.wrong}", markup=False)
    for name in failed:
        console.print(f"FAILED: {name}")
    if given.json:
        given.json.write_text(json.dumps(_record(found, failed, given.quick), indent=1) + "\n")
    if given.markdown:
        given.markdown.write_text(table.for_markdown(rows))
    return int(bool(failed) or any(row.wrong for row in rows))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="fewer repeats, and no whole sweeps")
    parser.add_argument("--json", type=Path, metavar="PATH", help="a file for the rows, too")
    parser.add_argument("--markdown", type=Path, metavar="PATH", help="a file for the table, too")
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in BENCHMARKS]:
        parser.error(f"no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    every = [
        name for name, one in BENCHMARKS.items() if not one.scale and (one.quick or not given.quick)
    ]
    given.names = given.names or every
    return given


def _measure(name: str, quick: bool) -> list[Row] | None:
    """The rows of a benchmark, run in a worker's environment; None if it failed."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "rows.json"
        command = [sys.executable, "-m", "benchmarks.one", name, "quick" if quick else "full"]
        command += [str(resolve().data), str(output)]
        if subprocess.run(command, cwd=ROOT, env=os.environ | THREAD_ENVIRONMENT).returncode:
            return None
        return [Row.from_json(held) for held in json.loads(output.read_text())]


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
