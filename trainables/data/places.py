"""Where decoded images lie. No torch: planning asks, too."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = "decoded"


def place(folder: Path, name: str) -> Path:
    """Where the decoded images of a data set lie, or will lie.

    Beside the data; where that can't be written, in the user's cache.
    """
    beside = folder / FOLDER / f"{name}.safetensors"
    if beside.exists() or _writable(beside.parent):
        return beside
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "stability-sweeps" / FOLDER / f"{name}.safetensors"


def _writable(folder: Path) -> bool:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK)
