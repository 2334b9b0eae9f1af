"""The artifact store: payloads under content keys, on any fsspec file system.

    <url>/<kind>/<first two digits>/<key>.<checksum>.<suffix>   payload
    <url>/<kind>/<first two digits>/<key>.json                  manifest, written last
    <url>/damaged/...                                           what failed its check

An artifact is complete when its manifest is there and agrees with its payload. A payload's name
holds its checksum, so replacing an artifact never changes bytes under a reader, and whichever
manifest is read names a payload that fits it.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import fsspec

ATOMIC_PUT = {"memory", "s3", "s3a", "gs", "gcs", "abfs", "az"}
"""Protocols whose files appear whole or not at all; elsewhere a file is renamed into place."""


class StoreError(OSError):
    """The store cannot be used at all; the message says where and why."""


class Missing(LookupError):
    """An artifact is not there, or was damaged and has been set aside."""


@dataclass(frozen=True)
class Artifact:
    """A kind, a key and, once read, the payload and what its manifest says."""

    payload: bytes
    facts: dict[str, Any]


class Store:
    """Artifacts under a URL: a path, `file://`, `memory://`, `s3://`, `gs://` ..."""

    def __init__(self, url: str):
        """Raises StoreError if the URL's protocol is unknown or its place can't be made."""
        self.url = url
        try:
            self.file_system, self.root = fsspec.core.url_to_fs(url)
            self.file_system.makedirs(self.root, exist_ok=True)
        except (OSError, ValueError, ImportError) as error:
            raise StoreError(f"cannot use the store {url}: {error}") from error
        protocol = self.file_system.protocol
        protocols = {protocol} if isinstance(protocol, str) else set(protocol)
        self.puts = bool(protocols & ATOMIC_PUT)
        """Whether a file appears whole, or not at all."""
        self.remote = not protocols & {"file", "local", "memory"}
        """Whether each request goes over a network, as far as the protocol says."""

    def check_writable(self) -> None:
        """Raises StoreError unless a file can be written and removed."""
        probe = f"{self.root}/.probe-{os.getpid()}"
        try:
            self._put(probe, b"")
            self.file_system.rm_file(probe)
        except OSError as error:
            raise StoreError(f"cannot write to the store {self.url}: {error}") from error

    def write(self, kind: str, key: str, payload: bytes, suffix: str, **facts: Any) -> None:
        """Store a payload, then the manifest that makes it an artifact."""
        checksum = hashlib.sha256(payload).hexdigest()
        name = f"{key}.{checksum[:12]}.{suffix}"
        self._put(f"{self._folder(kind, key)}/{name}", payload)
        manifest = {
            "kind": kind,
            "key": key,
            "payload": name,
            "bytes": len(payload),
            "sha256": checksum,
            "written_at": time.time(),
            **facts,
        }
        self._put(self._manifest(kind, key), json.dumps(manifest, indent=1).encode())

    def read(self, kind: str, key: str) -> Artifact:
        """A verified artifact. Raises Missing; a damaged one is set aside first."""
        manifest = self._read_manifest(kind, key)
        while True:
            try:
                payload = self.file_system.cat_file(
                    f"{self._folder(kind, key)}/{manifest['payload']}"
                )
            except FileNotFoundError:
                payload = b""
            if hashlib.sha256(payload).hexdigest() == manifest["sha256"]:
                return Artifact(payload, manifest)
            latest = self._read_manifest(kind, key)
            if latest == manifest:
                self.set_aside(kind, key)
                raise Missing(f"{kind} {key} was damaged; it is kept under {self.url}/damaged")
            manifest = latest  # replaced since it was read

    def facts(self, kind: str, key: str) -> dict[str, Any]:
        """What an artifact's manifest says. Raises Missing."""
        return self._read_manifest(kind, key)

    def complete(self, artifacts: Iterable[tuple[str, str]]) -> set[str]:
        """The keys, of some (kind, key), whose manifest and payload are there with their sizes.

        Contents are verified when they are read. Artifacts that fail are set aside.
        """
        folders: dict[str, dict[str, int]] = {}
        found = set()
        for kind, key in artifacts:
            folder = self._folder(kind, key)
            if folder not in folders:
                folders[folder] = self._sizes(folder)
            sizes = folders[folder]
            if f"{key}.json" not in sizes:
                continue
            try:
                manifest = self._read_manifest(kind, key)
            except Missing:
                continue
            if sizes.get(manifest["payload"]) != manifest["bytes"]:
                # Damaged, unless it was replaced since the folder was listed.
                folders[folder] = sizes = self._sizes(folder)
            if sizes.get(manifest["payload"]) == manifest["bytes"]:
                found.add(key)
            else:
                self.set_aside(kind, key)
        return found

    def delete(self, kind: str, key: str) -> None:
        """Remove an artifact and every payload of its key, the manifest first."""
        for path in self._files(kind, key):
            self.file_system.rm_file(path)

    def prune(self, kind: str, key: str) -> None:
        """Remove the payloads of a key that its manifest no longer names."""
        keep = self._read_manifest(kind, key)["payload"]
        for path in self._files(kind, key)[1:]:
            if not path.endswith(keep):
                self.file_system.rm_file(path)

    def set_aside(self, kind: str, key: str) -> None:
        """Move an artifact, the manifest first, to `damaged/`, for a person to look at.

        Several processes may find the same damage: what another has moved is passed over.
        """
        for path in self._files(kind, key):
            aside = f"{self.root}/damaged/{kind}/{time.time_ns()}-{path.rpartition('/')[2]}"
            self.file_system.makedirs(aside.rpartition("/")[0], exist_ok=True)
            with suppress(FileNotFoundError):
                self.file_system.mv(path, aside)

    def _read_manifest(self, kind: str, key: str) -> dict[str, Any]:
        try:
            text = self.file_system.cat_file(self._manifest(kind, key))
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

    def _folder(self, kind: str, key: str) -> str:
        return f"{self.root}/{kind}/{key[:2]}"

    def _manifest(self, kind: str, key: str) -> str:
        return f"{self._folder(kind, key)}/{key}.json"

    def _sizes(self, folder: str) -> dict[str, int]:
        try:
            self.file_system.invalidate_cache(folder)
            listing = self.file_system.ls(folder, detail=True)
        except FileNotFoundError:
            return {}
        return {entry["name"].rpartition("/")[2]: entry["size"] for entry in listing}

    def _files(self, kind: str, key: str) -> list[str]:
        """Paths of a key's manifest (first) and payloads."""
        folder = self._folder(kind, key)
        names = [name for name in self._sizes(folder) if name.startswith(f"{key}.")]
        return [f"{folder}/{n}" for n in sorted(names, key=lambda n: (n != f"{key}.json", n))]

    def _put(self, path: str, content: bytes) -> None:
        self.file_system.makedirs(path.rpartition("/")[0], exist_ok=True)
        if self.puts:
            self.file_system.pipe_file(path, content)
            return
        partial = f"{path}.partial-{os.getpid()}-{time.monotonic_ns()}"
        self.file_system.pipe_file(partial, content)
        self.file_system.mv(partial, path)
