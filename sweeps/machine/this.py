"""The rates of a core of this machine: kept from an earlier measurement, or measured now."""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sweeps import provenance
from sweeps.placement import WORKER_ENVIRONMENT
from sweeps.plan import speed
from sweeps.plan.hardware import CPU_CORE, GPU, HARDWARE, Hardware
from trainables.data import DataError
from trainables.data.caches import user_cache, writing

MEASURING = 1
"""Raised when subjects or rates change: what was kept of a machine is then measured again."""

PIN = "SWEEPS_MACHINE"
"""Environment variable: `reference` takes the reference core's rates, and measures nothing."""

SECONDS = "8 to 30 s"
"""About how long a measurement takes; the longer the slower the processor, above all in bf16."""

LIMIT_SECONDS = 120.0
"""After which it is given up."""

BUSY = 1.5
BUSY_SECONDS = 3600.0
"""For so long a measurement counts whose process had to wait: its wall-clock time was more than
`BUSY` times its processor time."""

CPUINFO = Path("/proc/cpuinfo")

Say = Callable[[str], None]


def this_core(say: Say | None = None) -> Hardware:
    """Return the rates of a core of this machine, measured if they never were.

    `say` is told before a measurement begins. Where it fails, a short probe scales the reference
    core's rates.
    """
    if os.environ.get(PIN) == "reference":
        return CPU_CORE
    return kept() or _measured(say or (lambda line: None)) or speed.this_core()


def known_core() -> Hardware:
    """Return the rates kept of a core of this machine, or the reference core's: at once."""
    if os.environ.get(PIN) == "reference":
        return CPU_CORE
    return kept() or CPU_CORE


def known_for(device: str) -> Hardware:
    """Return the rates known of what a recipe is computed on: at once."""
    return HARDWARE[GPU] if device == "cuda" else known_core()


def kept() -> Hardware | None:
    """Return what an earlier measurement on this machine found; None if there is none of use."""
    for file in _file():
        with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            held = json.loads(file.read_text())
            recent = time.time() - held["time"] < BUSY_SECONDS
            if held["busy"] < BUSY or recent:
                return _hardware(held["rates"])
    return None


def keep(found: Mapping[str, Any]) -> None:
    """Keep what a measurement found, where there is a folder for it."""
    for file in _file():
        with suppress(DataError, OSError), writing(file) as partial:
            held = {"about": _about(), "time": time.time(), **found}
            partial.write_text(json.dumps(held) + "\n")


def _file() -> list[Path]:
    with suppress(DataError):  # no folder for a cache
        return [user_cache() / "machines" / f"{key()}.json"]
    return []


@cache
def key() -> str:
    """Return a hash of all that rates depend on."""
    return hashlib.sha256(json.dumps(_about(), sort_keys=True).encode()).hexdigest()[:24]


def _about() -> dict[str, Any]:
    """Return what a measurement is of: the processor, how many threads it has, and versions.

    In virtual machines processors of several generations have the same name.
    """
    return {
        "measuring": MEASURING,
        "processor": provenance.processor(),
        "details": _details(),
        "threads": os.cpu_count(),
        "torch": version("torch"),
    }


def _details() -> list[str]:
    """Return family, model, stepping, cache size and instructions of the first processor."""
    try:
        lines = CPUINFO.read_text().partition("\n\n")[0].splitlines()
    except OSError:
        return []
    wanted = ("cpu family", "model", "stepping", "cache size", "flags", "Features")
    return [line for line in lines if line.partition(":")[0].strip() in wanted]


@cache
def _measured(say: Say) -> Hardware | None:
    """Measure in a process of its own and keep what was found; None if it fails."""
    say(f"measuring this machine: {SECONDS}, once")
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "sweeps.machine.timing"],
            capture_output=True,
            text=True,
            check=True,
            timeout=LIMIT_SECONDS,
            env=os.environ | WORKER_ENVIRONMENT | {"PYTHONPATH": _import_path()},
        )
        found = json.loads(done.stdout.splitlines()[-1])
        core = _hardware(found["rates"])
        found["busy"] = float(found["busy"])
    except (OSError, ValueError, TypeError, KeyError, IndexError, subprocess.SubprocessError):
        return None
    keep(found)
    return core


def _hardware(rates: Mapping[str, Any]) -> Hardware:
    """Return rates as JSON holds them. Raises ValueError or TypeError unless they make sense."""
    core = Hardware(**rates)
    for one in fields(core):
        value, usual = getattr(core, one.name), getattr(CPU_CORE, one.name)
        if type(value) is not type(usual) and not isinstance(usual, float):
            raise TypeError(f"{one.name}: {value!r}")
        if isinstance(usual, float) and not (value >= 0 and math.isfinite(value)):
            raise ValueError(f"{one.name}: {value!r}")
    for name in ("flops_per_second", "bf16_speedup", "dense_rate", "forward_speedup"):
        if not getattr(core, name):
            raise ValueError(f"{name}: 0")
    return core


def _import_path() -> str:
    """Return where a process finds this package, and what this one was told to import."""
    root = str(Path(__file__).parents[2])
    return os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
