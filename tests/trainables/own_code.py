"""Modules of one's own for tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def write(folder: Path, modules: Mapping[str, str]) -> None:
    """Write modules into a folder: path without `.py` -> source."""
    for name, text in modules.items():
        path = folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
