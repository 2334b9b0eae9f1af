"""Which reference pages there are, and what writes each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from docs.generate import commands, names, python, recipe, records, spec

REFERENCE = Path(__file__).parents[1] / "reference"

PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands.page,
    "spec.md": spec.page,
    "recipe.md": recipe.page,
    "names.md": names.page,
    "python.md": python.page,
    "records.md": records.page,
}
"""File in docs/reference -> the function that returns its text."""
