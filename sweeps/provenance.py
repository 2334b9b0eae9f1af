"""What a result was made with."""

from __future__ import annotations

import platform
from importlib.metadata import version

PACKAGES = ("stability-sweeps", "torch", "numpy", "ray", "mlflow")


def versions() -> dict[str, str]:
    """Package -> version, and Python's."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}
