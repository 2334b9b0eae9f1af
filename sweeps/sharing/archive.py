"""The file in which results are shared: a zip archive with the size and hash of all it holds.

Whatever a file holds, reading it changes nothing and takes bounded memory; what is wrong with it is
told in one line. Nothing is ever unpacked to a path that an archive names.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from pydantic import ValidationError

from sweeps.errors import UserError, one_line, shown
from sweeps.sharing.contents import (
    ARTIFACT,
    FORMAT,
    MANIFEST,
    VERSION,
    File,
    Manifest,
    first_of,
    fits,
)

CHUNK = 2**20
"""Bytes that are read or written at a time."""
MAX_LINE = 2**25
"""Bytes of a run in a list of runs; those of a trial have 3 kB."""
MAX_MANIFEST = 2**30
"""Bytes; the manifest has 150 per file."""

DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    ValueError,
)
"""What Python's zipfile raises where bytes are not what they were."""


class Writer:
    """Writes an archive; it appears under its name once it is whole. Use as a context manager,
    which raises UserError where no file can be written."""

    def __init__(self, path: Path):
        self.path = path
        self._partial = path.with_name(f".partial-{os.getpid()}-{path.name}")
        self.files: dict[str, File] = {}

    def __enter__(self) -> Writer:
        try:
            self._zip = zipfile.ZipFile(self._partial, "w", zipfile.ZIP_DEFLATED)
        except OSError as error:
            raise UserError(f"cannot write {self.path}: {error.strerror or error}") from None
        return self

    def add(self, path: str, content: bytes, level: int = 6) -> None:
        """Add a file; `level` says how hard to compress it, from 1 to 9."""
        assert fits(path), path
        self._zip.writestr(_entry(path), content, zipfile.ZIP_DEFLATED, level)
        self.files[path] = File(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())

    def add_from(self, path: str, source: IO[bytes]) -> None:
        """Add a file of any size, from its beginning."""
        source.seek(0)
        sha, size = hashlib.sha256(), 0
        with self._zip.open(_entry(path), "w", force_zip64=True) as file:
            while chunk := source.read(CHUNK):
                file.write(chunk)
                sha.update(chunk)
                size += len(chunk)
        self.files[path] = File(bytes=size, sha256=sha.hexdigest())

    def finish(self, **facts: Any) -> None:
        """Add the manifest, and give the archive its name."""
        manifest = Manifest(
            format=FORMAT, format_version=VERSION, files=dict(sorted(self.files.items())), **facts
        )
        self._zip.writestr(_entry(MANIFEST), manifest.model_dump_json(indent=1))
        self._zip.close()
        os.replace(self._partial, self.path)

    def __exit__(self, *_: object) -> None:
        with suppress(OSError, ValueError):  # the disk is full, or a file was being written
            self._zip.close()
        self._partial.unlink(missing_ok=True)


def _entry(path: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path, time.localtime()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16  # without it `unzip` makes files that nobody may read
    return entry


class Archive:
    """An archive that is being read. Its paths are checked, its contents once `verify` has run."""

    def __init__(self, path: Path, file: zipfile.ZipFile):
        self.path, self._zip = path, file
        self._entries = {entry.filename: entry for entry in file.infolist()}
        self.manifest = self._manifest()
        self._check_paths()

    @property
    def size(self) -> int:
        """Bytes of all its files together, not compressed."""
        return sum(file.bytes for file in self.manifest.files.values())

    def read(self, path: str) -> bytes:
        """Return a file. Raises UserError unless it is what the manifest says."""
        return b"".join(self._chunks(path))

    def lines(self, path: str) -> Iterator[bytes]:
        """Yield the lines of a file that was verified. Raises UserError."""
        if path not in self._entries:
            return
        with self._told(path), self._zip.open(self._entries[path]) as file:
            while line := file.readline(MAX_LINE):
                if not line.endswith(b"\n"):
                    raise self._wrong(f"a line of {path} has no end")
                yield line

    def verify(self, tell: Callable[[int], object]) -> None:
        """Read all files; `tell` gets the number of bytes after each part. Raises UserError."""
        for path in self.manifest.files:
            for chunk in self._chunks(path):
                tell(len(chunk))
        for path in self.artifacts():
            self.artifact(path)

    def artifacts(self) -> list[str]:
        """Return the paths of the manifests of the store's artifacts."""
        found = (path for path in self.manifest.files if path.startswith("store/"))
        return [path for path in found if path.endswith(".json") and path.count(".") == 1]

    def artifact(self, path: str) -> tuple[str, str, dict[str, Any], str]:
        """Return kind, key, what the manifest says and the payload's path, by the manifest's path.

        Raises UserError where they do not fit each other.
        """
        found = ARTIFACT.fullmatch(path)
        assert found is not None
        kind, key = found["kind"], found["key"]
        try:
            facts = json.loads(self.read(path))
            payload = f"{path.rpartition('/')[0]}/{facts['payload']}"
            file = self.manifest.files[payload]
            name = f"{key}.{file.sha256[:12]}.{file.bytes}."
            said = (facts["kind"], facts["key"], facts["bytes"], facts["sha256"])
            named = facts["payload"].startswith(name) and facts["written_at"] >= 0
            if said != (kind, key, file.bytes, file.sha256) or not named:
                raise ValueError("they differ")
        except (ValueError, TypeError, KeyError, AttributeError):
            raise self._wrong(f"{path} does not fit its artifact") from None
        return kind, key, facts, payload

    def _manifest(self) -> Manifest:
        if MANIFEST not in self._entries:
            raise UserError(f"{self.path} is no archive of `sweeps export`: it has no {MANIFEST}")
        with self._told(MANIFEST):
            if self._entries[MANIFEST].file_size > MAX_MANIFEST:
                raise ValueError("it is too large")
            raw = json.loads(self._zip.read(MANIFEST))
            if not isinstance(raw, dict) or raw.get("format") != FORMAT:
                raise UserError(
                    f"{self.path} is no archive of `sweeps export`: its {MANIFEST} is of something "
                    "else"
                )
        version = raw.get("format_version")
        if not isinstance(version, int) or version > VERSION:
            raise UserError(
                f"{self.path} was written by a newer version of sweeps: its format is "
                f"{shown(version)}, this version reads {VERSION}; install that version"
            )
        try:
            return Manifest.model_validate(raw)
        except ValidationError as error:
            raise self._wrong(f"{MANIFEST}: {first_of(error)}") from None

    def _check_paths(self) -> None:
        """Raise UserError unless the files are those of the manifest, each at a path that fits."""
        for path in (*self._entries, *self.manifest.files):
            if path != MANIFEST and not fits(path):
                raise self._wrong(f"{shown(path)} is no path of an archive")
        listed = self.manifest.files.keys() | {MANIFEST}
        for path in listed - self._entries.keys():
            raise self._wrong(f"{path} is missing")
        for path in self._entries.keys() - listed:
            raise self._wrong(f"{path} is not in its {MANIFEST}")
        if len(self._entries) < len(self._zip.infolist()):
            raise self._wrong("it holds two files of one name")

    def _chunks(self, path: str) -> Iterator[bytes]:
        wanted = self.manifest.files[path]
        sha, size = hashlib.sha256(), 0
        with self._told(path), self._zip.open(self._entries[path]) as file:
            while size <= wanted.bytes and (chunk := file.read(CHUNK)):
                sha.update(chunk)
                size += len(chunk)
                yield chunk
        if size != wanted.bytes or sha.hexdigest() != wanted.sha256:
            raise self._wrong(f"{path} is not what {MANIFEST} says: its hash is another")

    @contextmanager
    def _told(self, path: str) -> Iterator[None]:
        try:
            yield
        except DAMAGED as error:
            raise self._wrong(f"{path}: {one_line(str(error), 150)}") from None

    def _wrong(self, what: str) -> UserError:
        return UserError(f"{self.path} is damaged, nothing is imported: {what}")


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Open an archive. Raises UserError unless it is one, of a version that can be read."""
    if path.is_dir() or not path.exists():
        raise UserError(
            f"{path}: {'this is a folder' if path.is_dir() else 'there is no such file'}"
        )
    try:
        file = zipfile.ZipFile(path)
    except DAMAGED:
        raise UserError(
            f"{path} is no archive of `sweeps export`, or its end is missing: it is no zip file"
        ) from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from None
    with file:
        yield Archive(path, file)
