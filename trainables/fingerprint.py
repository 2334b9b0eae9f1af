"""Which code a process runs: a fingerprint of the sources of this project's packages.

A run must never mix the code of several checkouts under one key. So a worker compares its own code
with the driver's before it does its first job. Manifests record the fingerprint; that of what a
store already holds is not compared.
"""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("trainables", "sweeps", "analysis")

DIGITS = 12
"""Hex digits of a fingerprint."""


@dataclass(frozen=True)
class Package:
    """One package as a process imports it."""

    path: str
    """Its folder; empty where the package is not installed."""
    fingerprint: str

    def __str__(self) -> str:
        return f"{self.path} ({self.fingerprint})" if self.path else "not installed"


@dataclass(frozen=True)
class Code:
    """The code of one process."""

    machine: str
    packages: Mapping[str, Package]

    @property
    def fingerprint(self) -> str:
        """Of all packages together, wherever they lie."""
        parts = (f"{name}={package.fingerprint}\n" for name, package in self.packages.items())
        return _shortened(hashlib.sha256("".join(parts).encode()))

    def difference(self, worker: Code) -> str | None:
        """One line where a worker's code is not this one, the driver's; None where it is."""
        for name, ours in self.packages.items():
            theirs = worker.packages[name]
            if theirs.fingerprint == ours.fingerprint:
                continue
            if theirs.path == ours.path and worker.machine == self.machine:
                return (
                    f"{name} in {ours.path} has changed since the sweep started "
                    f"(driver {ours.fingerprint}, worker {theirs.fingerprint}): start it again"
                )
            return (
                f"a worker on {worker.machine} runs other code than the driver on {self.machine}: "
                f"the driver has {name} in {ours}, the worker {theirs}; install the same on both"
            )
        return None


@cache
def here() -> Code:
    """The code of this process, as its sources were at the first call."""
    return Code(socket.gethostname(), {name: _package(name) for name in PACKAGES})


def _package(name: str) -> Package:
    spec = find_spec(name)  # imports nothing
    places = spec.submodule_search_locations if spec else None
    if not places:
        return Package("", "")
    folder = Path(next(iter(places))).absolute()
    return Package(str(folder), fingerprint(folder))


def fingerprint(folder: Path) -> str:
    """Of the paths and contents of a folder's .py files."""
    found = hashlib.sha256()
    sources = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*.py")}
    for name, file in sorted(sources.items()):
        if not file.is_file():  # an editor's lock, a link to nowhere: nothing is imported from it
            continue
        content = file.read_bytes()
        found.update(f"{name}\0{len(content)}\0".encode("utf-8", "surrogateescape"))
        found.update(content)
    return _shortened(found)


def _shortened(found: hashlib._Hash) -> str:
    return found.hexdigest()[:DIGITS]
