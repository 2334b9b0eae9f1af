"""What a shell completes a command line with: names of specs, sweeps, recipes and the like.

A shell asks at every press of Tab, so nothing is imported that takes long, and nothing is asked of
another machine.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path

import typer

ASKED = "_SWEEPS_COMPLETE"
"""The environment variable by which a shell asks."""

SPEC_FILES = (".yaml", ".yml")


def specs(incomplete: str) -> list[str]:
    """Return the built-in specs, and the YAML files and folders, that begin so."""
    from sweeps.builtin import builtin_specs

    return [*_beginning(builtin_specs(), incomplete), *_files(incomplete)]


def builtin_specs_alone(incomplete: str) -> list[str]:
    """Return the built-in specs that begin so."""
    from sweeps.builtin import builtin_specs

    return _beginning(builtin_specs(), incomplete)


def sweeps(context: typer.Context, incomplete: str) -> list[str]:
    """Return the sweeps that a home on this machine has results of, and that begin so."""
    from sweeps.errors import UserError
    from sweeps.home import resolve

    given = context.params
    with suppress(UserError, sqlite3.Error):
        place = resolve(given.get("home"), None, given.get("tracking"))
        if place.database is not None and place.database.is_file():
            address = f"{place.database.as_uri()}?mode=ro"
            with closing(sqlite3.connect(address, uri=True, timeout=0.2)) as database:
                # MLflow makes one called Default, which holds nothing.
                found = database.execute(
                    "SELECT name FROM experiments WHERE lifecycle_stage = 'active' "
                    "AND experiment_id != 0 ORDER BY name"
                )
                return _beginning([name for (name,) in found], incomplete)
    return []


def recipes(incomplete: str) -> list[str]:
    """Return the built-in recipes that begin so."""
    from trainables.recipes import RECIPES

    return _beginning(RECIPES, incomplete)


def networks(incomplete: str) -> list[str]:
    """Return the built-in networks that begin so."""
    from trainables.networks.table import TABLE

    return _beginning(TABLE, incomplete)


def data(incomplete: str) -> list[str]:
    """Return the built-in data sets that begin so."""
    from trainables.data.table import ROWS

    return _beginning(ROWS, incomplete)


def measures(incomplete: str) -> list[str]:
    """Return the built-in measures that begin so."""
    from trainables.measures import MEASURES

    return _beginning(MEASURES, incomplete)


def pruning(incomplete: str) -> list[str]:
    """Return the built-in pruning methods that begin so."""
    from trainables.pruning import METHODS

    return _beginning(METHODS, incomplete)


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _files(incomplete: str) -> list[str]:
    """YAML files, and folders, which end with a slash."""
    folder, name = os.path.split(incomplete)
    found = []
    with suppress(OSError):
        for entry in os.scandir(os.path.expanduser(folder) or "."):
            if not entry.name.startswith(name) or (entry.name.startswith(".") and not name):
                continue
            if entry.is_dir():
                found.append(os.path.join(folder, entry.name) + "/")
            elif Path(entry.name).suffix in SPEC_FILES:
                found.append(os.path.join(folder, entry.name))
    return sorted(found)
