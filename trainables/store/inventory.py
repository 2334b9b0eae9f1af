"""What a store holds, as listings show it. Nothing is read and nothing changed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from trainables.store.local import abandoned
from trainables.store.store import Store, folder_of, manifest_of

DAMAGED, LEASES = "damaged", "leases"
"""Folders of a store that hold no artifacts."""

_KEY = r"[0-9a-f]{32}"
_ARTIFACT = re.compile(
    rf"(?P<kind>[\w-]+)/(?P<digits>[0-9a-f]{{2}})/(?P<key>{_KEY})"
    r"\.(?:json|[0-9a-f]{12}\.(?P<bytes>\d+)\.\w+)"
)
_SET_ASIDE = re.compile(
    rf"{DAMAGED}/(?P<kind>[\w-]+)/(?P<ns>\d+)-(?P<key>{_KEY})\.(?:json|[0-9a-f]{{12}}\.\d+\.\w+)"
)


@dataclass(frozen=True)
class File:
    """A file of a store."""

    path: str
    """Relative to the store."""
    bytes: int
    modified: float
    """Unix time of the last change, seconds."""


@dataclass
class Held:
    """The files of an artifact: its manifest and payloads, or what there is of them."""

    kind: str
    key: str
    files: list[File] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        """Of all its files together."""
        return sum(file.bytes for file in self.files)

    @property
    def modified(self) -> float:
        """Unix time at which the last of its files changed, seconds."""
        return max(file.modified for file in self.files)

    @property
    def manifest(self) -> File | None:
        """Its manifest, if that is there."""
        path = manifest_of(self.kind, self.key)
        return next((file for file in self.files if file.path == path), None)

    @property
    def payloads(self) -> list[File]:
        """Its payloads: one, unless it was replaced or its writing was cut short."""
        path = manifest_of(self.kind, self.key)
        return [file for file in self.files if file.path != path]

    @property
    def complete(self) -> bool:
        """Whether a manifest and a payload are there, as far as a listing shows it."""
        return self.manifest is not None and any(map(_whole, self.payloads))

    @property
    def paths(self) -> list[str]:
        """The paths of its files, the manifest first: in this order they are removed."""
        path = manifest_of(self.kind, self.key)
        return sorted((file.path for file in self.files), key=lambda one: (one != path, one))


@dataclass
class Inventory:
    """The files of a store, by what they are."""

    artifacts: dict[tuple[str, str], Held] = field(default_factory=dict)
    """(kind, key) -> what is there of an artifact."""
    abandoned: list[File] = field(default_factory=list)
    """Partial files whose writers are dead, or seem to be."""
    damaged: list[File] = field(default_factory=list)
    """What failed its check and was set aside; `modified` says when."""
    leased: set[str] = field(default_factory=set)
    """Keys under which there is a lease, which may have expired."""

    def complete(self) -> set[tuple[str, str]]:
        """Return (kind, key) of the artifacts that are complete."""
        return {which for which, held in self.artifacts.items() if held.complete}


def take(store: Store) -> Inventory:
    """List a store. Files that are not of a store's making are passed over. Raises StoreError."""
    found = Inventory()
    for path, size, modified in store.files.walk():
        file = File(path, size, modified)
        if match := _ARTIFACT.fullmatch(path):
            which = match["kind"], match["key"]
            if path.startswith(f"{folder_of(*which)}/"):
                found.artifacts.setdefault(which, Held(*which)).files.append(file)
        elif match := _SET_ASIDE.fullmatch(path):
            set_aside = int(match["ns"]) / 1e9  # a file that is moved keeps its time
            found.damaged.append(File(path, size, max(modified, set_aside)))
        elif path.startswith(f"{LEASES}/") and path.endswith(".json"):
            found.leased.add(path.rpartition("/")[2].removesuffix(".json"))
        elif abandoned(path, modified):
            found.abandoned.append(file)
    return found


def kind_of(damaged: File) -> str:
    """Return the kind of an artifact that was set aside."""
    match = _SET_ASIDE.fullmatch(damaged.path)
    return match["kind"] if match else ""


def key_of(damaged: File) -> str:
    """Return the key of an artifact that was set aside."""
    match = _SET_ASIDE.fullmatch(damaged.path)
    return match["key"] if match else ""


def size(held: Iterable[Held | File]) -> int:
    """Return how many bytes some artifacts or files take together."""
    return sum(one.bytes for one in held)


def _whole(payload: File) -> bool:
    match = _ARTIFACT.fullmatch(payload.path)
    return match is not None and match["bytes"] == str(payload.bytes)
