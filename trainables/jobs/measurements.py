"""What a stored measurement holds, read and checked. No torch: the driver reads them, too."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from trainables.jobs.kinds import Instability
from trainables.store import Store, Unreadable

SPLITS = ("test", "train")
CURVES = tuple(f"{name}_{split}" for name in ("path_error", "path_loss") for split in SPLITS)
"""Of a measurement, what has a value at each point of the path."""

NUMBERS = (
    "weights_left",
    *(f"instability_{split}" for split in SPLITS),
    *(f"accuracy_{split}{arm}" for split in SPLITS for arm in ("", "_1", "_2")),
)
"""Of a measurement, what is one number."""


def decode(job: Instability, payload: bytes) -> dict[str, Any]:
    """Return a measurement by the names of its values. Raises Unreadable.

    Numbers may be NaN or infinite: those of trainings that diverged.
    """
    try:
        values = json.loads(payload)
    except ValueError as error:  # wrong Unicode, too
        raise Unreadable(f"it is no JSON: {error}") from error
    if not isinstance(values, dict):
        raise Unreadable("it holds no measurement")
    for name in NUMBERS:
        _check(name, [values.get(name)])
    for name in CURVES:
        curve = values.get(name)
        if not isinstance(curve, list) or len(curve) != job.points:
            raise Unreadable(f"{name} is no list of {job.points} numbers")
        _check(name, curve)
    return values


def _check(name: str, values: Iterable[object]) -> None:
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Unreadable(f"{name} is {value!r}, not a number")


def sound(store: Store, jobs: Iterable[Instability]) -> set[str]:
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
