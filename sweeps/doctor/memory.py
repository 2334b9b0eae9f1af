"""Memory, and the part of it that processes share."""

from __future__ import annotations

import shutil
from pathlib import Path

from sweeps.doctor.finding import Finding, fine, hint

GB = 1e9
SHARED = Path("/dev/shm")
MEMORY = Path("/proc/meminfo")
LEAST = 1 * GB
"""Bytes of memory that a driver, Ray and one worker take, about."""
OF_RAY = 0.3
"""Share of the memory that Ray wants to share between processes."""


def free(file: Path = MEMORY, least: float = LEAST) -> Finding:
    """Check how much memory is free."""
    found = _read(file)
    if "MemAvailable" not in found:
        return fine("memory", "not known here")
    available, total = found["MemAvailable"], found["MemTotal"]
    said = f"{available / GB:.1f} of {total / GB:.1f} GB free"
    if available < least:
        return hint("memory", f"only {said}: Ray ends workers where memory runs out; end others")
    return fine("memory", said)


def shared(folder: Path = SHARED, file: Path = MEMORY, share: float = OF_RAY) -> Finding:
    """Check whether Ray can keep what its processes share in memory."""
    if not folder.is_dir():
        return fine(str(folder), "not of this system")
    there = shutil.disk_usage(folder).free
    wanted = share * _read(file).get("MemTotal", 0)
    if there < wanted:
        return hint(
            str(folder),
            f"{there / GB:.1f} GB free, and Ray wants {wanted / GB:.1f}: it will use files, which "
            f"are slower; in Docker: --shm-size={wanted / GB:.0f}g",
        )
    return fine(str(folder), f"{there / GB:.1f} GB free")


def _read(file: Path) -> dict[str, int]:
    """Name -> bytes, as Linux tells them."""
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return {}
    parts = (line.split() for line in lines)
    return {name.rstrip(":"): int(number) * 1024 for name, number, *unit in parts if unit}
