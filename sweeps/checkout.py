"""Whether this process takes its packages from one place."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from sweeps.errors import UserError

PACKAGES = ("sweeps", "trainables", "analysis")


def check() -> None:
    """Raise UserError where the packages of this process are of several checkouts.

    `python -m` puts the current folder before all else, and so does PYTHONPATH: a lone `trainables`
    there would train with its code under the keys of the installed one.
    """
    found = {name: spec for name in PACKAGES if (spec := find_spec(name))}
    for name, spec in found.items():
        if spec.origin is None:  # a folder of that name without the package's files
            hides = next(iter(spec.submodule_search_locations or ["?"]))
            raise UserError(
                f"the folder {hides} hides the package {name}: rename it, or run Python, and keep "
                f"scripts, in a folder that holds no folder {name!r}"
            )
    places = {
        name: Path(next(iter(spec.submodule_search_locations or ["?"]))).resolve()
        for name, spec in found.items()
    }
    ours = places["sweeps"]
    for name, place in places.items():
        if place.parent != ours.parent:
            raise UserError(
                f"{name} is imported from {place}, but sweeps from {ours}: two checkouts are "
                "mixed; leave the current folder, or take the other one out of PYTHONPATH"
            )
