"""The files of a store, on any fsspec file system. Only this module knows how these differ.

Object stores (S3, Google's, Azure's) show a file whole or not at all, list by prefix, and take
many requests at once; their transient errors are retried. On a local or shared file system a file
is renamed into place (local.py). Credentials and endpoints come from the environment, as each
library has it.
"""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from typing import Any, TypeVar

from fsspec.implementations.local import LocalFileSystem

from trainables.store import local
from trainables.store.errors import StoreError, in_one_line, reason
from trainables.store.protocols import (
    ATOMIC_PUT,
    OBJECT_STORES,
    REQUESTS,
    S3,
    connect,
    modified,
)
from trainables.store.requests import request, within

T = TypeVar("T")
R = TypeVar("R")

OPENING_SECONDS = 5.0
"""How long errors are retried while a store is opened: a wrong address must be told at once."""
ANSWER_SECONDS = 15.0
"""How long a store may leave its opening unanswered."""
PATIENCE_SECONDS = 60.0
"""How long errors are retried afterwards: a server's restart must not cost a training."""

PART = 16 * 2**20
"""Bytes: larger files travel in parts of this, some at once."""
PARTS = 4
"""Parts on their way at once."""

_memory = threading.Lock()


class Files:
    """The files under an address, by their paths relative to it. `url` is the full address.

    Raises StoreError if there can be no store, and wherever it turns out to be of no use later: it
    is full, say, or cannot be reached any more.
    """

    def __init__(self, address: str):
        self.patience = OPENING_SECONDS
        self.url, self._fs, self._root = connect(address)
        named = self._fs.protocol
        protocols = {named} if isinstance(named, str) else set(named)
        self.is_object_store = bool(protocols & OBJECT_STORES)
        self._is_s3 = bool(protocols & S3)
        self._local = isinstance(self._fs, LocalFileSystem)
        self._renames = not protocols & ATOMIC_PUT
        self._open()
        self.patience = PATIENCE_SECONDS

    def _open(self) -> None:
        bucket = self._root.partition("/")[0]
        try:
            if not self.is_object_store:
                self._fs.makedirs(self._root, exist_ok=True)
            elif not bucket:
                raise StoreError("it names no bucket")
            else:
                # Lists next to nothing. Buckets are never made: a mistyped name is not a store.
                within(ANSWER_SECONDS, self._call, self._fs.find, self._root, prefix=".probe")
        except Exception as error:
            why = reason(error)
            if self.is_object_store and isinstance(error, FileNotFoundError):
                why = f"there is no bucket {bucket!r}"
            raise StoreError(f"cannot use the store {self.url}: {why}") from error

    # --- whole files ------------------------------------------------------------------------

    def get(self, path: str, size: int | None = None) -> bytes:
        """Return a file's content. With a size in bytes, a large file is read in parts.

        A file of another size is then cut short, which its checksum tells. Raises
        FileNotFoundError.
        """
        full = self._full(path)
        if not self.is_object_store or size is None or size <= 2 * PART:
            content: bytes = self._call(self._fs.cat_file, full)
            return content
        if self._call(self._fs.info, full)["size"] != size:
            return b""
        with ThreadPoolExecutor(PARTS) as pool:
            parts = pool.map(
                lambda at: self._call(self._fs.cat_file, full, start=at, end=min(at + PART, size)),
                range(0, size, PART),
            )
            return b"".join(parts)

    def parts(self, path: str, size: int) -> Iterator[bytes]:
        """Yield the content of a file of so many bytes, part by part: one is held at a time.

        What is beyond `size` is not read. Raises FileNotFoundError.
        """
        full = self._full(path)
        for at in range(0, size, PART):
            yield self._call(self._fs.cat_file, full, start=at, end=min(at + PART, size))

    def put(self, path: str, content: bytes, durable: bool = False) -> None:
        """Create or replace a file, which appears whole.

        A local file outlasts a power failure if it is `durable` and `sync` has followed; object
        stores keep what they have taken.
        """
        full = self._full(path)
        if self._local:
            self._call(self._write, full, content, durable)
        elif self._renames:
            self._call(self._put_and_rename, full, content)
        else:
            in_parts = {"chunksize": PART, "max_concurrency": PARTS} if self._is_s3 else {}
            self._call(self._fs.pipe_file, full, content, **in_parts)

    def _write(self, full: str, content: bytes, durable: bool) -> None:
        try:
            local.write(full, content, durable)
        except FileNotFoundError as error:  # the folder went; an artifact that is missing is not it
            raise StoreError(in_one_line(self.url, error)) from error

    def _put_and_rename(self, full: str, content: bytes) -> None:
        self._fs.makedirs(full.rpartition("/")[0], exist_ok=True)
        partial = local.partial_name(full)
        try:
            self._fs.pipe_file(partial, content)
            self._fs.mv(partial, full)
        except BaseException:
            with suppress(Exception):
                self._fs.rm_file(partial)
            raise

    def sync(self, folder: str) -> None:
        """Make the names in a folder outlast a power failure, on a local or shared file system."""
        if self._local:
            self._call(local.sync_folder, self._full(folder))

    def remove_abandoned(self) -> None:
        """Remove what writers that died have left of files on a local or shared file system."""
        if self._local:
            local.remove_abandoned(self._root)

    def remove(self, path: str) -> None:
        """Remove a file, or do nothing if there is none."""
        with suppress(FileNotFoundError):
            self._call(self._fs.rm_file, self._full(path))

    def move(self, path: str, to: str) -> None:
        """Move a file. Raises FileNotFoundError."""
        path, to = self._full(path), self._full(to)
        if self._renames:
            self._call(self._fs.makedirs, to.rpartition("/")[0], exist_ok=True)
            self._call(self._fs.mv, path, to)
        else:
            self._call(self._fs.cp_file, path, to)
            self._call(self._fs.rm_file, path)

    # --- many at once -----------------------------------------------------------------------

    def sizes(self, folder: str, prefix: str = "") -> dict[str, int]:
        """Return name -> bytes of the files in a folder whose names begin so.

        The mapping is empty if the folder is not there. An object store lists only what begins so,
        but below the folder, too; a file system lists the whole folder.
        """
        full = self._full(folder)
        if self.is_object_store:
            parent, _, name = full.rpartition("/")
            found = self._call(self._fs.find, parent, prefix=f"{name}/{prefix}", detail=True)
            entries = found.values()
        else:
            try:
                entries = self._call(self._fs.ls, full, detail=True)
            except FileNotFoundError:
                return {}
        names = {entry["name"].rpartition("/")[2]: entry["size"] for entry in entries}
        return {name: size for name, size in names.items() if name.startswith(prefix)}

    def walk(self, folder: str = "") -> Iterator[tuple[str, int, float]]:
        """Yield path, bytes and Unix time of the last change of every file below a folder.

        Where a file system does not say when a file changed, it counts as changed just now.
        """
        full = self._full(folder)
        if self._local:
            found: Iterable[tuple[str, int, float]] = local.walk(full)
        else:
            listed = self._call(self._fs.find, full, detail=True).values()
            found = ((one["name"], one["size"], modified(one)) for one in listed)
        for path, size, at in found:
            yield path[len(self._root) :].lstrip("/"), size, at

    def each(self, function: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """Call a function of every item, several at once, as most of the time goes into waiting."""
        items = list(items)
        if len(items) < 2:
            return [function(item) for item in items]
        with ThreadPoolExecutor(REQUESTS if self.is_object_store else 4) as pool:
            return list(pool.map(function, items))

    # --- changes that only one of several can make --------------------------------------------

    def create(self, path: str, content: bytes) -> bool:
        """Put a small file only where there is none, and return whether it was put."""
        full = self._full(path)
        with self._lock():
            try:
                if self._renames:
                    self._call(local.create, full, content)
                else:
                    self._call(self._fs.pipe_file, full, content, mode="create")
            except FileExistsError:
                return False
        return True

    def swap(self, path: str, old: bytes, new: bytes) -> bool:
        """Replace a small file only while it has its old content, and return whether it was.

        S3 does it by a conditional put (If-Match), other file systems under a lock. Google's and
        Azure's interfaces in fsspec have neither: there the file is removed and created, and two
        that do so at the very same time may both be told that they did it.
        """
        full = self._full(path)
        with self._lock():
            try:
                # Asked before the content is: whatever comes between fails the condition.
                tag = self._call(self._fs.info, full)["ETag"] if self._is_s3 else None
                if self.get(path) != old:
                    return False
                if self._is_s3:
                    return self._call(self._put_if, full, new, tag)
            except FileNotFoundError:
                return False
            if self.is_object_store:
                self.remove(path)
                return self.create(path, new) and self.get(path) == new
            self.put(path, new)
            return True

    def remove_if(self, path: str, content: bytes) -> None:
        """Remove a file if this is what it holds. On object stores these are two requests."""
        with self._lock(), suppress(FileNotFoundError):
            if self.get(path) == content:
                self.remove(path)

    def _put_if(self, full: str, content: bytes, tag: str) -> bool:
        try:
            self._fs.pipe_file(full, content, IfMatch=tag)
        except OSError as error:
            answer = getattr(error.__cause__, "response", {})
            if answer.get("Error", {}).get("Code") == "PreconditionFailed":
                return False
            raise
        return True

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Admit processes on one file system, and threads of a process, one after another."""
        if self.is_object_store:
            yield
            return
        with _memory, self._lock_file() if self._renames else nullcontext():
            yield

    @contextmanager
    def _lock_file(self) -> Iterator[None]:
        with self._call(open, self._full(".lock"), "ab") as file:
            # Some shared file systems have no locks: creating is exclusive there all the same.
            with suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    # --- requests ---------------------------------------------------------------------------

    def _full(self, path: str) -> str:
        return f"{self._root}/{path}" if path else self._root

    def _call(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Make a request; if it goes to an object store, transient errors are retried."""
        patience = self.patience if self.is_object_store else None
        return request(self.url, patience, partial(function, *arguments, **options))
