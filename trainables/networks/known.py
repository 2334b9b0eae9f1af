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
from trainables.networks.table import OF_TOKENS, TABLE, TORCHVISION

COUNTING = 3
"""Raised when counts come out otherwise."""


_remembered: dict[tuple[Architecture, Shape, bool, Shape], Facts] = {}


def remember(
    architecture: Architecture, facts: Facts, integers: bool = False, labels: Shape = ()
) -> None:
    """Keep the sizes of a network for this process, as a stored spec says them."""
    _remembered[architecture, facts.inputs, integers, labels] = facts


@cache
def facts_of(
    architecture: Architecture, shape: Shape, integers: bool = False, labels: Shape = ()
) -> Facts:
    """Return the sizes of a network for examples of a shape, counted if they never were.

    `integers`: examples are tokens. `labels` is the shape of an example's labels. Raises KeyError
    if there is no such network, and PluginError where it does not build, or does not give logits
    for such examples.
    """
    built_in = NETWORKS.get(architecture.name)
    of_tokens = architecture.name in OF_TOKENS
    usual = (shape, integers, labels) == (
        built_in and built_in.inputs, of_tokens, shape if of_tokens else ()
    )  # fmt: skip
    if built_in and usual and not architecture.arguments:
        return built_in
    if remembered := _remembered.get((architecture, shape, integers, labels)):
        return remembered
    file = user_cache() / "facts" / f"{_key(architecture, shape, integers, labels)}.json"
    with suppress(OSError, ValueError, TypeError, KeyError):
        return read(json.loads(file.read_text()))
    from trainables.networks.counting import count

    found = count(architecture, shape, integers, labels)
    with suppress(OSError, ValueError), writing(file) as partial:
        partial.write_text(json.dumps(asdict(found)))
    return found


def _key(architecture: Architecture, shape: Shape, integers: bool, labels: Shape) -> str:
    name, code = architecture.name, architecture.version
    if name in TABLE:
        code = _sources()
    elif name.startswith(TORCHVISION):
        code = version("torchvision")
    what = [COUNTING, version("torch"), name, code, architecture.arguments, shape, integers, labels]
    text = json.dumps(what)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


@cache
def _sources() -> str:
    """Return a hash of the code of the built-in networks."""
    found = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        found.update(file.read_bytes())
    return found.hexdigest()
