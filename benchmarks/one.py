"""One benchmark in this process: `python -m benchmarks.one NAME full|quick DATA OUTPUT`.

A process each, because one thread has to be asked for before torch is there, and to keep what one
benchmark leaves in memory from the next.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch

from benchmarks.harness import FULL, QUICK, THREADS, Setting
from benchmarks.registry import BENCHMARKS
from trainables.data import DataError


def main(name: str, effort: str, folder: str, output: str) -> None:
    torch.set_num_threads(THREADS)
    # Our training sets this for its process; what it is compared with has it from the start, too.
    torch.set_flush_denormal(True)
    setting = Setting({"full": FULL, "quick": QUICK}[effort], Path(folder))
    try:
        rows = BENCHMARKS[name].measure(setting)
    except DataError as error:
        sys.exit(str(error))
    Path(output).write_text(json.dumps([row.as_json() for row in rows]))


if __name__ == "__main__":
    main(*sys.argv[1:])
