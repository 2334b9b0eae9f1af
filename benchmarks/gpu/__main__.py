"""Measure a GPU: `python -m benchmarks.gpu --out results.jsonl --seconds 330`."""

from __future__ import annotations

import argparse
import gc
import json
import platform
import time
from collections.abc import Set
from itertools import chain
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu import packing
from benchmarks.gpu.rows import rows


def about(device: str) -> dict[str, Any]:
    """Return what is measured on."""
    found: dict[str, Any] = {
        "torch": torch.__version__,
        "python": platform.python_version(),
        "device": device,
    }
    if device == "cuda":
        one = torch.cuda.get_device_properties(0)
        found |= {"device": one.name, "memory_gb": one.total_memory / 1e9}
        found |= {"cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version()}
    return found


def measure(
    device: str, out: Path, seconds: float, small: bool = False, only: Set[str] = frozenset()
) -> None:
    """Write a line of JSON for each row; those for which no time is left are named as such.

    `only` names kinds of rows, or networks, that are measured; all where it is empty.
    """
    end = time.monotonic() + seconds
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("w", encoding="utf-8") as file:

        def write(line: dict[str, Any]) -> None:
            text = json.dumps(line)
            file.write(text + "\n")
            file.flush()
            print(text, flush=True)

        write({"row": "about", **about(device)})
        others = packing.rows(2.0) if device == "cuda" and not small else ()
        for what, work in chain(rows(device, small), others):
            if only and only.isdisjoint({what["row"], what.get("network")}):
                continue
            if time.monotonic() > end:
                write({**what, "error": "not run: no time left"})
                continue
            begin = time.monotonic()
            try:
                result = work()
            except Exception as error:  # the other rows count as well
                result = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:300]}
            write({**what, **result, "took": round(time.monotonic() - begin, 2)})
            gc.collect()
            if device == "cuda":
                torch.cuda.empty_cache()


def main() -> None:
    """Parse what the command line says, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("gpu.jsonl"))
    parser.add_argument("--seconds", type=float, default=330.0, help="after which no row begins")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--small", action="store_true", help="tiny sizes: does it work?")
    parser.add_argument("--only", nargs="+", default=[], help="kinds of rows, or networks")
    said = parser.parse_args()
    measure(said.device, said.out, said.seconds, said.small, frozenset(said.only))


if __name__ == "__main__":
    main()
