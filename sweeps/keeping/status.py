"""What a store holds, in numbers: by kind, by sweep, and what of it may go."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from sweeps.home import Home
from sweeps.keeping import references, rubbish
from sweeps.keeping.kinds import KINDS
from sweeps.keeping.references import TUNE, References
from sweeps.keeping.rubbish import Wanted
from trainables.jobs.needs import Which
from trainables.store import Store, inventory
from trainables.store.inventory import Inventory


def status(store: Store, home: Home, min_age: float) -> dict[str, Any]:
    """Return the numbers of a store, as JSON. Changes nothing. Raises UserError, StoreError."""
    until = time.time() - min_age
    listed = inventory.take(store)
    found = references.find(store, home, listed)
    every = listed.artifacts.values()
    answer: dict[str, Any] = {
        "store": store.url,
        "artifacts": len(every),
        "bytes": inventory.size(every),
        "kinds": _kinds(listed),
        "sweeps": _sweeps(listed, found),
        "shared": _shared(listed, found),
        "leases": len(listed.leased),
        "problems": found.problems,
    }
    if found.problems:  # without them everything would seem to be of no use
        return answer
    may_go = rubbish.sort(listed, found, Wanted(), until)
    return answer | {
        "may_go": _by_name(may_go.parts()),
        "left_alone": _by_name(part for part in may_go.left() if part[1]),
    }


def _by_name(parts: Iterable[tuple[str, int, int]]) -> dict[str, dict[str, int]]:
    return {name: {"number": number, "bytes": size} for name, number, size in parts}


def _kinds(listed: Inventory) -> list[dict[str, Any]]:
    number: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for (kind, _), held in listed.artifacts.items():
        number[kind] += 1
        size[kind] += held.bytes
    order = {kind: place for place, kind in enumerate(KINDS)}
    return [
        {
            "kind": kind,
            "artifacts": number[kind],
            "bytes": size[kind],
            "what": KINDS.get(kind, "of a kind that this version does not know"),
        }
        for kind in sorted(number, key=lambda one: (order.get(one, len(order)), one))
    ]


def _by_sweep(listed: Inventory, found: References) -> dict[Which, set[str]]:
    """Return which sweeps need each artifact that is there."""
    of: dict[Which, set[str]] = defaultdict(set)
    for one in found.needs:
        for which in one.artifacts & listed.artifacts.keys():
            of[which].add(one.sweep)
    return of


def _sweeps(listed: Inventory, found: References) -> list[dict[str, Any]]:
    of = _by_sweep(listed, found)
    rows = {}
    for name in sorted({one.sweep for one in found.needs}, key=lambda one: (one == TUNE, one)):
        needs = [one for one in found.needs if one.sweep == name]
        keys = {one.submission.key for one in needs if one.submission is not None}
        held = [listed.artifacts[which] for which, names in of.items() if name in names]
        alone = [listed.artifacts[which] for which, names in of.items() if names == {name}]
        rows[name] = {
            "sweep": name,
            "submissions": len(keys),
            "artifacts": len(held),
            "bytes": inventory.size(held),
            "artifacts_alone": len(alone),
            "bytes_alone": inventory.size(alone),
        }
    return list(rows.values())


def _shared(listed: Inventory, found: References) -> dict[str, int]:
    held = [
        listed.artifacts[which]
        for which, names in _by_sweep(listed, found).items()
        if len(names) > 1
    ]
    return {"artifacts": len(held), "bytes": inventory.size(held)}
