"""The artifact store: payloads under content keys, on any fsspec file system.

    <url>/<kind>/<first two digits>/<key>.<checksum>.<bytes>.<suffix>   payload
    <url>/<kind>/<first two digits>/<key>.json                          manifest, written last
    <url>/damaged/...                                                   what failed its check
    <url>/leases/...                                                    see leases.py

An artifact is complete when its manifest is there and agrees with its payload. A payload's name
holds its checksum, so replacing an artifact never changes bytes under a reader, and whichever
manifest is read names a payload that fits it. It holds its size, too: a listing shows what is
complete, and nothing has to be read for it.

What `write` has stored outlasts a power failure: both files are synced, and then the folder.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from trainables.store.errors import StoreError, reason
from trainables.store.files import Files
from trainables.store.local import PARTIAL, partial_name

FEW = 4
"""Keys of a folder that are asked for one by one. (These are for object stores.)

More are looked up in the folder's listing. A request lists 1,000 files, so that is fewer requests
until a folder, one of 256 of its kind, holds thousands.
"""
MANY = 64
"""Keys with the same first digit whose 16 folders are listed as one."""


class Missing(LookupError):
    """An artifact is not there, or was damaged and has been set aside."""


@dataclass(frozen=True)
class Artifact:
    """A payload and what its manifest says."""

    payload: bytes
    facts: dict[str, Any]


class Store:
    """Artifacts under a URL: a path, `file://`, `memory://`, `s3://`, `gs://` ..."""

    def __init__(self, url: str):
        """Open a store. Raises StoreError if the protocol is unknown or its place can't be used."""
        self.files = Files(url)
        self.url = self.files.url

    def check_writable(self) -> None:
        """Raise StoreError unless a file can be written and removed."""
        probe = partial_name(".probe")  # which is cleared away even if this process dies here
        try:
            self.files.put(probe, b"some bytes, for which a full disk has no room")
            self.files.remove(probe)
        except OSError as error:
            raise StoreError(f"cannot write to the store {self.url}: {reason(error)}") from error

    def remove_abandoned(self) -> None:
        """Remove what writers that died have left of files."""
        self.files.remove_abandoned()

    def write(self, kind: str, key: str, payload: bytes, suffix: str, **facts: Any) -> None:
        """Store a payload, then the manifest that makes it an artifact."""
        checksum = hashlib.sha256(payload).hexdigest()
        name = f"{key}.{checksum[:12]}.{len(payload)}.{suffix}"
        self.files.put(f"{folder_of(kind, key)}/{name}", payload, durable=True)
        manifest = {
            "kind": kind,
            "key": key,
            "payload": name,
            "bytes": len(payload),
            "sha256": checksum,
            "written_at": time.time(),
            **facts,
        }
        content = json.dumps(manifest, indent=1).encode()
        self.files.put(manifest_of(kind, key), content, durable=True)
        self.files.sync(folder_of(kind, key))

    def read(self, kind: str, key: str) -> Artifact:
        """Return a verified artifact. Raises Missing; a damaged one is set aside first."""
        manifest = self._read_manifest(kind, key)
        while True:
            try:
                path = f"{folder_of(kind, key)}/{manifest['payload']}"
                payload = self.files.get(path, manifest["bytes"])
            except FileNotFoundError:
                payload = b""
            if hashlib.sha256(payload).hexdigest() == manifest["sha256"]:
                return Artifact(payload, manifest)
            latest = self._read_manifest(kind, key)
            if latest == manifest:
                self.set_aside(kind, key)
                raise Missing(f"{kind} {key} was damaged; it is kept under {self.url}/damaged")
            manifest = latest  # replaced since it was read

    def read_many(self, artifacts: Iterable[tuple[str, str]]) -> dict[str, bytes]:
        """Return key -> verified payload, of those of some (kind, key) that are there.

        Where a listing leaves no doubt which payload it is, its name verifies it, and its
        manifest stays unread: half the requests. For small artifacts, since all are held.
        """
        listed = self._list(artifacts)

        def payload(artifact: tuple[str, str]) -> bytes | None:
            kind, key = artifact
            names = _payloads(key, listed[artifact])
            if f"{key}.json" not in listed[artifact]:
                return None
            if len(names) == 1:
                with suppress(FileNotFoundError):
                    content = self.files.get(f"{folder_of(kind, key)}/{names[0]}")
                    if hashlib.sha256(content).hexdigest().startswith(names[0].split(".")[1]):
                        return content
            try:
                return self.read(kind, key).payload
            except Missing:
                return None

        payloads = self.files.each(payload, listed)
        return {key: p for (_, key), p in zip(listed, payloads, strict=True) if p is not None}

    def facts(self, kind: str, key: str) -> dict[str, Any]:
        """Return what an artifact's manifest says. Raises Missing."""
        return self._read_manifest(kind, key)

    def complete(self, artifacts: Iterable[tuple[str, str]]) -> set[str]:
        """Return the keys, of some (kind, key), whose manifest and payload are there in full size.

        Listings say so, of the folders of these keys, several at once. Contents are verified when
        they are read. Artifacts that fail are set aside.
        """
        found: set[str] = set()
        doubtful: list[tuple[str, str]] = []
        for (kind, key), sizes in self._list(artifacts).items():
            if f"{key}.json" not in sizes:
                continue
            payloads = _payloads(key, sizes)
            whole = [name for name in payloads if name.split(".")[2] == str(sizes[name])]
            if sizes[f"{key}.json"] and len(payloads) == len(whole) == 1:
                found.add(key)
            else:
                doubtful.append((kind, key))
        sound = self.files.each(lambda artifact: self._settle(*artifact), doubtful)
        return found | {key for (_, key), yes in zip(doubtful, sound, strict=True) if yes}

    def keys(self, kind: str) -> list[str]:
        """Return the keys of every artifact of a kind whose manifest is there, sorted."""
        every = [""] if self.files.is_object_store else [f"/{digits:02x}" for digits in range(256)]
        listings = self.files.each(lambda part: self.files.sizes(f"{kind}{part}"), every)
        names = (name for listing in listings for name in listing)
        return sorted(n.removesuffix(".json") for n in names if n.count(".") == 1)

    def delete(self, kind: str, key: str) -> None:
        """Remove an artifact and every payload of its key, the manifest first."""
        for path in self._paths(kind, key):
            self.files.remove(path)

    def prune(self, kind: str, key: str) -> None:
        """Remove the payloads of a key that its manifest no longer names."""
        keep = self._read_manifest(kind, key)["payload"]
        for path in self._paths(kind, key)[1:]:
            if not path.endswith(keep):
                self.files.remove(path)

    def set_aside(self, kind: str, key: str) -> None:
        """Move an artifact, the manifest first, to `damaged/`, for a person to look at.

        Several processes may find the same damage: what another has moved is passed over.
        """
        for path in self._paths(kind, key):
            with suppress(FileNotFoundError):
                name = path.rpartition("/")[2]
                self.files.move(path, f"damaged/{kind}/{time.time_ns()}-{name}")

    def _list(self, artifacts: Iterable[tuple[str, str]]) -> dict[tuple[str, str], dict[str, int]]:
        """Return each of some (kind, key), once -> name and bytes of its files."""
        found: dict[tuple[str, str], dict[str, int]] = {artifact: {} for artifact in artifacts}
        requests = [
            (kind, folder, prefix)
            for kind in {kind for kind, _ in found}
            for folder, prefix in self._listings(kind, [key for k, key in found if k == kind])
        ]
        listings = self.files.each(lambda request: self.files.sizes(*request[1:]), requests)
        for (kind, _, _), listing in zip(requests, listings, strict=True):
            for name, size in listing.items():
                held = found.get((kind, name.partition(".")[0]))
                if held is not None:
                    held[name] = size
        return found

    def _listings(self, kind: str, keys: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Return folders, and how names in them begin, whose listings have all keys of a kind."""
        for digit, those in _grouped(keys, 1).items():
            if self.files.is_object_store and len(those) > MANY:
                yield kind, digit
                continue
            for digits, few in _grouped(those, 2).items():
                if self.files.is_object_store and len(few) <= FEW:
                    yield from ((f"{kind}/{digits}", f"{key}.") for key in few)
                else:
                    yield f"{kind}/{digits}", ""

    def _settle(self, kind: str, key: str) -> bool:
        """Return whether an artifact in doubt after a listing is there; set it aside if not."""
        try:
            manifest = self._read_manifest(kind, key)
            while True:
                sizes = self.files.sizes(folder_of(kind, key), f"{key}.")
                if sizes.get(manifest["payload"]) == manifest["bytes"]:
                    return True
                latest = self._read_manifest(kind, key)
                if latest == manifest:
                    self.set_aside(kind, key)
                    return False
                manifest = latest  # replaced since it was read
        except Missing:
            return False

    def _read_manifest(self, kind: str, key: str) -> dict[str, Any]:
        try:
            text = self.files.get(manifest_of(kind, key))
        except FileNotFoundError:
            raise Missing(f"{kind} {key} is not in the store {self.url}") from None
        try:
            manifest: dict[str, Any] = json.loads(text)
            if manifest["key"] != key or not {"payload", "bytes", "sha256"} <= manifest.keys():
                raise ValueError("not the manifest of this key")
        except (ValueError, TypeError, KeyError):
            self.set_aside(kind, key)
            raise Missing(f"the manifest of {kind} {key} was damaged") from None
        return manifest

    def _paths(self, kind: str, key: str) -> list[str]:
        """Return the paths of a key's manifest (first) and payloads."""
        folder, manifest = folder_of(kind, key), f"{key}.json"
        names = [n for n in self.files.sizes(folder, f"{key}.") if PARTIAL not in n]
        return [f"{folder}/{name}" for name in sorted(names, key=lambda n: (n != manifest, n))]


def _grouped(keys: Iterable[str], digits: int) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        groups[key[:digits]].append(key)
    return groups


def folder_of(kind: str, key: str) -> str:
    """Return the folder in which an artifact lies."""
    return f"{kind}/{key[:2]}"


def manifest_of(kind: str, key: str) -> str:
    """Return the path of an artifact's manifest."""
    return f"{folder_of(kind, key)}/{key}.json"


def _payloads(key: str, names: Iterable[str]) -> list[str]:
    """Return those of a key's files that are neither its manifest nor still being written."""
    return [n for n in names if n.count(".") >= 3 and PARTIAL not in n]
