"""The specs that come with the package."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "specs"


def builtin_specs() -> dict[str, Path]:
    """Return name -> file of the specs that come with the package."""
    return {path.stem: path for path in sorted(FOLDER.rglob("*.yaml"), key=lambda p: p.stem)}
