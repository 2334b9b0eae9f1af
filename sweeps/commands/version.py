"""`sweeps --version`."""

from __future__ import annotations

import importlib.util
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import typer

PACKAGES = ("sweeps", "trainables", "analysis")


def show(asked: bool) -> None:
    """Print the version, Python's, and where the packages are; end the command line."""
    if asked:
        print(f"stability-sweeps {_version()}, Python {platform.python_version()}")
        for folder, names in _places().items():
            print(f"{', '.join(names)} in {folder}")
        raise typer.Exit


def _version() -> str:
    try:
        return version("stability-sweeps")
    except PackageNotFoundError:
        return "(not installed)"


def _places() -> dict[Path, list[str]]:
    """Folder -> the packages in it. More than one means that packages of two copies are mixed."""
    found: dict[Path, list[str]] = {}
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations:
            place = Path(spec.submodule_search_locations[0]).resolve().parent
            found.setdefault(place, []).append(name)
    return found
