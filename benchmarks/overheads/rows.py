"""Rows of measurements that are made once."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.harness import Row, Spread


def clock(work: Callable[[], object]) -> float:
    """Return elapsed seconds: servers and databases are other processes, and disks."""
    begin = time.monotonic()
    work()
    return time.monotonic() - begin


def once(work: str, value: float, unit: str, note: str) -> Row:
    """Return a row of a single measurement."""
    return Row(work=work, ours=Spread.once(value), unit=unit, note=note)
