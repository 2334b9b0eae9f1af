"""Python and the packages that are installed, against what this package asks for."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from sweeps.doctor.finding import Finding, fine, stop

PACKAGE = "stability-sweeps"
SHOWN = ("torch", "ray", "mlflow")
"""Packages whose versions are shown where all is well."""


def installed() -> Finding:
    """Check Python and the packages that this one requires, by its own metadata."""
    try:
        about = metadata.metadata(PACKAGE)
    except metadata.PackageNotFoundError:
        return stop("versions", f"{PACKAGE} is not installed: pip install {PACKAGE}")
    required = metadata.requires(PACKAGE) or []
    return against(about["Requires-Python"], required)


def against(python: str, required: Iterable[str]) -> Finding:
    """Check this Python and its packages against requirements as package metadata writes them."""
    here = platform.python_version()
    if not SpecifierSet(python).contains(here, prereleases=True):
        return stop("versions", f"Python {here}, but {python} is needed: make another environment")
    wrong = [problem for one in required if (problem := _problem(Requirement(one)))]
    if wrong:
        wanted = " ".join(f"'{requirement}'" for requirement, _ in wrong)
        said = ", ".join(said for _, said in wrong)
        return stop("versions", f"{said}: pip install {wanted}")
    shown = ", ".join(f"{name} {metadata.version(name)}" for name in SHOWN)
    return fine("versions", f"Python {here}, {shown}")


def _problem(one: Requirement) -> tuple[str, str] | None:
    """A requirement that is not met, and how."""
    if one.marker is not None and not one.marker.evaluate({"extra": ""}):
        return None  # of an extra, or another system
    wanted = f"{one.name}{one.specifier}"
    try:
        there = metadata.version(one.name)
    except metadata.PackageNotFoundError:
        return wanted, f"{one.name} is not installed"
    if one.specifier.contains(there, prereleases=True):
        return None
    return wanted, f"{one.name} {there} is installed, {one.specifier} is needed"
