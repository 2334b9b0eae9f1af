"""What a stored measurement holds, written, read and checked. No torch: the driver reads it, too.

A mapping of the names of a measure's columns to numbers; to lists or mappings of names to numbers
for columns with an axis. `weights_left` is in all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from trainables.jobs.kinds import Measurement
from trainables.store import Store, Unreadable

SPLITS = ("test", "train")
CURVES = tuple(f"{name}_{split}" for name in ("path_error", "path_loss") for split in SPLITS)
"""Of an instability, what has a value at each point of the path."""

NUMBERS = (
    *(f"instability_{split}" for split in SPLITS),
    *(f"accuracy_{split}{arm}" for split in SPLITS for arm in ("", "_1", "_2")),
)
"""Of an instability, what is one number, in those of earlier versions, too."""


def encode(values: Mapping[str, Any]) -> bytes:
    """Return a measurement as it is stored."""
    return json.dumps(values).encode()


def decode(job: Measurement, payload: bytes) -> dict[str, Any]:
    """Return a measurement by the names of its values. Raises Unreadable.

    Numbers may be NaN or infinite: those of trainings that diverged.
    """
    try:
        values = json.loads(payload)
    except ValueError as error:  # wrong Unicode, too
        raise Unreadable(f"it is no JSON: {error}") from error
    if not isinstance(values, dict):
        raise Unreadable("it holds no measurement")
    _check("weights_left", values.get("weights_left"))
    if job.measure == "instability":
        for name in NUMBERS:
            _check(name, values.get(name))
        for name in CURVES:
            curve = values.get(name)
            if not isinstance(curve, list) or len(curve) != job.work.points:
                raise Unreadable(f"{name} is no list of {job.work.points} numbers")
    for name, value in values.items():
        match value:
            case list():
                parts: Iterable[object] = value
            case dict():
                parts = value.values()
            case _:
                parts = [value]
        for part in parts:
            _check(name, part, flags=True)
    return values


def _check(name: str, value: object, flags: bool = False) -> None:
    """Raise Unreadable unless this is a number; true and false count as such for `flags`."""
    if not isinstance(value, int | float) or (isinstance(value, bool) and not flags):
        raise Unreadable(f"{name} is {value!r}, not a number")


def sound(store: Store, jobs: Iterable[Measurement]) -> set[str]:
    """Return the keys of those measurements that are there and can be read.

    One that cannot is set aside. Raises StoreError.
    """
    by_key = {job.key: job for job in jobs}
    found = store.read_many((job.kind, job.key) for job in by_key.values())
    readable = set()
    for key, payload in found.items():
        try:
            decode(by_key[key], payload)
            readable.add(key)
        except Unreadable:
            store.set_aside(by_key[key].kind, key)
    return readable
