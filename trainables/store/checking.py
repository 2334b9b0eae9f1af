"""Checking artifacts against their manifests. Nothing is changed: damage is told, not set aside."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from trainables.store.store import Artifact, Missing, Store, folder_of, manifest_of


def problem(
    store: Store, kind: str, key: str, listed: Mapping[str, int] = MappingProxyType({})
) -> str | None:
    """Return what is wrong with an artifact, in a few words; None if it is sound.

    `listed` are the sizes in bytes of its files by name, where a listing has them. Its payload is
    read in parts, of which one is held at a time. Raises Missing if there is no manifest, and
    StoreError.
    """
    manifest = _manifest(store, kind, key)
    while True:
        if isinstance(manifest, str):
            wrong: str | None = manifest
        else:
            wrong = _problem_of_payload(store, kind, key, manifest, listed)
        if wrong is None:
            return None
        latest = _manifest(store, kind, key)
        if latest == manifest:
            return wrong
        manifest = latest  # replaced since it was read


def peek(store: Store, kind: str, key: str) -> Artifact | None:
    """Return a verified artifact, or None if it is not there or damaged. Raises StoreError."""
    try:
        manifest = _manifest(store, kind, key)
        if isinstance(manifest, str):
            return None
        payload = store.files.get(f"{folder_of(kind, key)}/{manifest['payload']}")
    except (Missing, FileNotFoundError):
        return None
    sound = hashlib.sha256(payload).hexdigest() == manifest["sha256"]
    return Artifact(payload, manifest) if sound else None


def _problem_of_payload(
    store: Store, kind: str, key: str, manifest: dict[str, Any], listed: Mapping[str, int]
) -> str | None:
    name, size = str(manifest["payload"]), int(manifest["bytes"])
    if name not in listed:
        listed = store.files.sizes(folder_of(kind, key), f"{key}.")
    there = listed.get(name)
    if there is None:
        return "its payload is not there"
    if there != size:
        return f"it has {there:,} bytes instead of {size:,}"
    digest = hashlib.sha256()
    try:
        for part in store.files.parts(f"{folder_of(kind, key)}/{name}", size):
            digest.update(part)
    except FileNotFoundError:
        return "its payload is not there"
    return None if digest.hexdigest() == manifest["sha256"] else "its checksum is wrong"


def _manifest(store: Store, kind: str, key: str) -> dict[str, Any] | str:
    """Return what an artifact's manifest says, or what is wrong with it. Raises Missing."""
    try:
        text = store.files.get(manifest_of(kind, key))
    except FileNotFoundError:
        raise Missing(f"{kind} {key} is not in the store {store.url}") from None
    try:
        manifest: dict[str, Any] = json.loads(text)
        sound = manifest["key"] == key and {"payload", "sha256"} <= manifest.keys()
        int(manifest["bytes"])
    except (ValueError, TypeError, KeyError):
        sound = False
    return manifest if sound else "its manifest is damaged"
