"""What of a store may go: a function of what it holds and what is needed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sweeps.keeping.kinds import GIVEN, MADE, MEASURED
from sweeps.keeping.references import References
from trainables.jobs import needs
from trainables.jobs.contents import CHECKPOINT
from trainables.store import inventory
from trainables.store.inventory import File, Held, Inventory
from trainables.store.local import ABANDONED_SECONDS


@dataclass(frozen=True)
class Wanted:
    """What may go, as options say it."""

    measurements: bool = True
    """Measurements and learning curves that no sweep needs."""
    given: bool = False
    """Networks from files that no sweep needs."""
    tune: bool = False
    """What only trials of searches in Ray Tune need."""

    def takes(self, kind: str) -> bool:
        """Return whether artifacts of a kind go that no sweep needs."""
        if kind in MEASURED:
            return self.measurements
        return {GIVEN: self.given, needs.KIND: self.tune}.get(kind, True)


MAY_GO = {*MADE, GIVEN, CHECKPOINT, needs.KIND}
"""Kinds of what goes where no sweep needs it."""


@dataclass
class Rubbish:
    """What may go, by why."""

    unneeded: list[Held] = field(default_factory=list)
    """No sweep needs these artifacts, or checkpoints of them."""
    checkpoints: list[Held] = field(default_factory=list)
    """Of trainings that are finished."""
    superseded: list[Held] = field(default_factory=list)
    """Artifacts with payloads that were replaced; these payloads go, the artifact stays."""
    unfinished: list[Held] = field(default_factory=list)
    """Payloads whose manifest was never written."""
    abandoned: list[File] = field(default_factory=list)
    """Partial files of writers that are dead."""
    damaged: list[File] = field(default_factory=list)
    """What failed its check and was set aside."""
    young: list[Held | File] = field(default_factory=list)
    """All of these that are left alone as they are young."""
    searched: list[Held] = field(default_factory=list)
    """What no sweep needs, but a search that is not finished may have made."""
    kept: list[Held] = field(default_factory=list)
    """What no sweep needs, but options keep."""

    def parts(self) -> Iterator[tuple[str, int, int]]:
        """Yield of each kind of rubbish its name here, how many there are and how many bytes."""
        for name in ("unneeded", "checkpoints", "unfinished", "abandoned", "damaged"):
            held = getattr(self, name)
            yield name, len(held), inventory.size(held)
        replaced = [file for held in self.superseded for file in _replaced(held)]
        yield "superseded", len(replaced), inventory.size(replaced)

    def left(self) -> Iterator[tuple[str, int, int]]:
        """Yield the same of what is left alone."""
        for name in ("young", "searched", "kept"):
            held = getattr(self, name)
            yield name, len(held), inventory.size(held)

    @property
    def bytes(self) -> int:
        """Of all that goes."""
        return sum(size for _, _, size in self.parts())


LABELS = {
    "unneeded": "not needed by any sweep",
    "checkpoints": "checkpoints of finished trainings",
    "unfinished": "payloads without a manifest",
    "abandoned": "left by writers that died",
    "damaged": "files of damaged artifacts, set aside",
    "superseded": "payloads that were replaced",
    "young": "changed too lately (--min-age)",
    "searched": "may be of a search that is not finished",
    "kept": "kept unless options say otherwise",
}
"""What people read for the names of `Rubbish`."""


def _replaced(held: Held) -> list[File]:
    """Return the payloads of an artifact but for the last, which as a rule its manifest names."""
    return sorted(held.payloads, key=lambda file: file.modified)[:-1]


def sort(listed: Inventory, found: References, wanted: Wanted, until: float) -> Rubbish:
    """Return what may go of what is listed; only what has not changed since `until`, a Unix time
    in seconds. What is of a kind that this version does not know stays.

    A payload without its manifest may be on its way: it goes after `ABANDONED_SECONDS` at the
    earliest.
    """
    rubbish = Rubbish(abandoned=list(listed.abandoned))
    settled = min(until, time.time() - ABANDONED_SECONDS)
    counted = [one for one in found.needs if not (wanted.tune and one.submission is None)]
    needed = References(counted).artifacts
    keys = {key for _, key in needed}
    finished = {key for kind, key in listed.complete() if kind in MADE}
    for (kind, key), held in listed.artifacts.items():
        if kind not in MAY_GO:
            continue
        if held.manifest is None:
            place: list[Any] = rubbish.unfinished
        elif kind == CHECKPOINT and key in finished:
            place = rubbish.checkpoints
        elif (kind, key) in needed or (kind == CHECKPOINT and key in keys):
            if len(held.payloads) < 2:
                continue
            place = rubbish.superseded
        elif not wanted.takes(kind):
            place = rubbish.kept
        elif held.modified > found.since:
            place = rubbish.searched
        else:
            place = rubbish.unneeded
        if place is rubbish.unfinished or place is rubbish.superseded:
            place = place if held.modified <= settled else rubbish.young
        elif (place is rubbish.unneeded or place is rubbish.checkpoints) and held.modified > until:
            place = rubbish.young
        place.append(held)
    for file in listed.damaged:
        if wanted.takes(inventory.kind_of(file)):
            (rubbish.young if file.modified > until else rubbish.damaged).append(file)
    return rubbish
