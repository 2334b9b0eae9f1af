"""What a result was made with."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("stability-sweeps", "torch", "numpy", "ray", "mlflow")


def versions() -> dict[str, str]:
    """Package -> version, Python's, and the driver's processor, whose cores it names too."""
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "cpu": f"{processor()}, {os.cpu_count()} cores",
    }


def processor() -> str:
    """As /proc/cpuinfo names it, where there is one."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
