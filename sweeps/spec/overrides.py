"""`--set KEY=VALUE`: a part of a spec given on the command line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from sweeps.errors import UserError, one_line, shown
from sweeps.spec.fields import Where
from sweeps.spec.text import follow, parse_value

SHORT = {("recipe",): "base", ("subnetworks", "#"): "strategy"}
"""Where a word stands for a mapping with one key."""


def apply(raw: Mapping[str, Any], overrides: Iterable[str]) -> dict[str, Any]:
    """Return a spec's mapping with each `key.path=value` set, in order. `raw` stays as it is.

    The parts of a path are keys, or indices of lists: `subnetworks.1.levels`. Raises UserError.
    """
    changed = dict(raw)
    for override in overrides:
        path, value = split(override)
        try:
            _set(changed, path, parse_value(value)[0])
        except ValueError as error:
            raise UserError(f"{option(override)}: {error}") from None
    return changed


def decoded(overrides: Iterable[str]) -> list[str]:
    """Return overrides as UTF-8 whatever the locale: Python keeps bytes that do not fit its own
    encoding as surrogates. Raises UserError for one that is no UTF-8."""
    texts = []
    for override in overrides:
        try:
            texts.append(override.encode("utf-8", "surrogateescape").decode("utf-8"))
        except UnicodeError:
            raise UserError(f"{option(override)}: it is not UTF-8 text") from None
    return texts


def option(override: str) -> str:
    """Return an override as errors name it."""
    return f"--set {one_line(override)}"


def split(override: str) -> tuple[tuple[str, ...], str]:
    """Return the path of an override, and the text of its value. Raises UserError."""
    path, equals, value = override.partition("=")
    # An error's own way of writing a place is taken, too: subnetworks[1].levels.
    keys = re.sub(r"\[(\d+)\]", r".\1", path.strip()).split(".")
    if not equals or not all(keys):
        raise UserError(f"{option(override)}: write KEY=VALUE, recipe.iterations=200 say")
    return tuple(keys), value


def source(override: str, location: Where) -> tuple[bool, yaml.Node | None]:
    """Whether an override sets the whole of a place; and its node there, if it has one."""
    path, value = split(override)
    if len(path) > len(location) or not touches(override, location):
        return False, None
    return True, follow(parse_value(value)[1], location[len(path) :])[1]


def touches(override: str, location: Where) -> bool:
    """Whether an override sets this place, a part of it, or what it is a part of."""
    path = split(override)[0]
    return bool(location) and all(
        key == str(step) for key, step in zip(path, location, strict=False)
    )


def note(overrides: Iterable[str]) -> str:
    """Return overrides as comments for the end of a spec's text."""
    return "".join(f"# --set {' '.join(override.splitlines())}\n" for override in overrides)


def _set(raw: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Raises ValueError if a path leads into what is neither a mapping nor a list."""
    target: Any = raw
    for depth, key in enumerate(path[:-1]):
        step = _step(target, key, path[:depth])
        inner = target[step] if isinstance(target, list) else target.get(step)
        inner = {} if inner is None else inner
        here = tuple("#" if key.isdigit() else key for key in path[: depth + 1])
        if isinstance(inner, str) and here in SHORT:
            inner = {SHORT[here]: inner}
        # A copy: an alias in the text may stand for the same object elsewhere.
        target[step] = target = inner.copy() if isinstance(inner, dict | list) else inner
    target[_step(target, path[-1], path[:-1])] = value


def _step(target: Any, key: str, path: tuple[str, ...]) -> Any:
    """The next step of a path that has led to `target`: a key, or an index."""
    if isinstance(target, dict):
        return key
    place = ".".join(path)
    if not isinstance(target, list):
        raise ValueError(f"{place} is {shown(target)}, which has no keys of its own")
    if not re.fullmatch(r"[0-9]{1,9}", key):
        raise ValueError(f"{place} is a list; its items are {place}.0, {place}.1 and so on")
    if int(key) >= len(target):
        last = f"the last is {place}.{len(target) - 1}" if target else "it is empty"
        raise ValueError(f"{place} has no item {key}: {last}")
    return int(key)
