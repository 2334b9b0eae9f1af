"""The facts of any network: read from the package or the user's cache, else counted. No torch
unless they must be counted."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from pathlib import Path

from trainables.data.caches import user_cache, writing
from trainables.networks.architecture import Architecture
from trainables.networks.facts import NETWORKS, Facts, Shape, read
from trainables.networks.table import TABLE, TORCHVISION

COUNTING = 1
"""Raised when counts come out otherwise."""


_remembered: dict[tuple[Architecture, Shape, bool], Facts] = {}


def remember(architecture: Architecture, facts: Facts, integers: bool = False) -> None:
    """Keep the sizes of a network for this process, as a stored spec says them."""
    _remembered[architecture, facts.inputs, integers] = facts


@cache
def facts_of(architecture: Architecture, shape: Shape, integers: bool = False) -> Facts:
    """Return the sizes of a network for examples of a shape, counted if they never were.

    `integers`: examples are tokens. Raises KeyError if there is no such network, and PluginError
    where it does not build, or does not give logits for such examples.
    """
    built_in = NETWORKS.get(architecture.name)
    if built_in and not architecture.arguments and built_in.inputs == shape and not integers:
        return built_in
    if remembered := _remembered.get((architecture, shape, integers)):
        return remembered
    file = user_cache() / "facts" / f"{_key(architecture, shape, integers)}.json"
    with suppress(OSError, ValueError, TypeError, KeyError):
        return read(json.loads(file.read_text()))
    from trainables.networks.counting import count

    found = count(architecture, shape, integers)
    with suppress(OSError, ValueError), writing(file) as partial:
        partial.write_text(json.dumps(asdict(found)))
    return found


def _key(architecture: Architecture, shape: Shape, integers: bool) -> str:
    name, code = architecture.name, architecture.version
    if name in TABLE:
        code = _sources()
    elif name.startswith(TORCHVISION):
        code = version("torchvision")
    text = json.dumps(
        [COUNTING, version("torch"), name, code, architecture.arguments, shape, integers]
    )
    return hashlib.sha256(text.encode()).hexdigest()[:24]


@cache
def _sources() -> str:
    """Return a hash of the code of the built-in networks."""
    found = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        found.update(file.read_bytes())
    return found.hexdigest()
