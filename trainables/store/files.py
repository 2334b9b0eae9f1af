"""The files of a store, on any fsspec file system. How these differ is known here only.

Object stores (S3, Google's, Azure's) show a file whole or not at all, list by prefix, and take
many requests at once; their transient errors are retried. On a local or shared file system a file
is renamed into place. Credentials and endpoints come from the environment, as each library has it.
"""

from __future__ import annotations

import errno
import fcntl
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, TypeVar

import fsspec

T = TypeVar("T")
R = TypeVar("R")

S3 = {"s3", "s3a"}
OBJECT_STORES = S3 | {"gs", "gcs", "abfs", "az"}
ATOMIC_PUT = OBJECT_STORES | {"memory"}
"""Protocols whose files appear whole or not at all; elsewhere a file is renamed into place."""
EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs"}
"""Protocol -> the optional dependencies of this package that bring it."""

OPENING_SECONDS = 5.0
"""How long errors are retried while a store is opened: a wrong address must be told at once."""
ANSWER_SECONDS = 15.0
"""How long a store may leave its opening unanswered."""
PATIENCE_SECONDS = 60.0
"""How long errors are retried afterwards: a server's restart must not cost a training."""

REQUESTS = 32
"""At once, to an object store. A thread each, and as many connections."""
PART = 16 * 2**20
"""Bytes: larger files travel in parts of this, some at once."""
PARTS = 4
"""Parts on their way at once."""

_memory = threading.Lock()


class StoreError(OSError):
    """The store cannot be used at all; the message says where and why, in one line."""


class Files:
    """Files under a URL, by their paths relative to it. Raises StoreError if it is of no use."""

    def __init__(self, url: str):
        self.url = url
        self.patience = OPENING_SECONDS
        protocol = url.partition("://")[0] if "://" in url else "file"
        options: dict[str, Any] = {}
        if protocol in OBJECT_STORES:
            options["use_listings_cache"] = False  # others write, too
        if protocol in S3:
            options |= _s3_options(protocol)
        try:
            self._fs, self._root = fsspec.core.url_to_fs(url, **options)
        except ImportError as error:
            extra = EXTRAS.get(protocol)
            hint = f"pip install 'stability-sweeps[{extra}]'" if extra else reason(error)
            raise StoreError(f"{protocol}:// needs a package that is not here: {hint}") from error
        except Exception as error:  # libraries have their own for credentials
            raise StoreError(f"cannot use the store {url}: {reason(error)}") from error
        named = self._fs.protocol
        protocols = {named} if isinstance(named, str) else set(named)
        self.is_object_store = bool(protocols & OBJECT_STORES)
        self._is_s3 = bool(protocols & S3)
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
                _within(ANSWER_SECONDS, self._call, self._fs.find, self._root, prefix=".probe")
        except Exception as error:
            why = reason(error)
            if self.is_object_store and isinstance(error, FileNotFoundError):
                why = f"there is no bucket {bucket!r}"
            raise StoreError(f"cannot use the store {self.url}: {why}") from error

    # --- whole files ------------------------------------------------------------------------

    def get(self, path: str, size: int | None = None) -> bytes:
        """Raises FileNotFoundError. With a size in bytes, a large file comes in parts.

        A file of another size is then cut short, for its checksum to tell.
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

    def put(self, path: str, content: bytes) -> None:
        full = self._full(path)
        if not self._renames:
            in_parts = {"chunksize": PART, "max_concurrency": PARTS} if self._is_s3 else {}
            self._call(self._fs.pipe_file, full, content, **in_parts)
            return
        self._fs.makedirs(full.rpartition("/")[0], exist_ok=True)
        partial = f"{full}.partial-{threading.get_native_id()}-{time.monotonic_ns()}"
        self._fs.pipe_file(partial, content)
        self._fs.mv(partial, full)

    def remove(self, path: str) -> None:
        """Nothing happens where there is nothing."""
        with suppress(FileNotFoundError):
            self._call(self._fs.rm_file, self._full(path))

    def move(self, path: str, to: str) -> None:
        """Raises FileNotFoundError."""
        path, to = self._full(path), self._full(to)
        if self._renames:
            self._fs.makedirs(to.rpartition("/")[0], exist_ok=True)
            self._fs.mv(path, to)
        else:
            self._call(self._fs.cp_file, path, to)
            self._call(self._fs.rm_file, path)

    # --- many at once -----------------------------------------------------------------------

    def sizes(self, folder: str, prefix: str = "") -> dict[str, int]:
        """Name -> bytes of the files in a folder whose names begin so; none if it is not there.

        An object store looks at nothing else, but below the folder, too, where a folder's name
        begins so; a file system lists the folder.
        """
        full = self._full(folder)
        if self.is_object_store:
            parent, _, name = full.rpartition("/")
            found = self._call(self._fs.find, parent, prefix=f"{name}/{prefix}", detail=True)
            entries = found.values()
        else:
            try:
                entries = self._fs.ls(full, detail=True)
            except FileNotFoundError:
                return {}
        names = {entry["name"].rpartition("/")[2]: entry["size"] for entry in entries}
        return {name: size for name, size in names.items() if name.startswith(prefix)}

    def each(self, function: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """A function of every item, several at once: what waits for answers waits together."""
        items = list(items)
        if len(items) < 2:
            return [function(item) for item in items]
        with ThreadPoolExecutor(REQUESTS if self.is_object_store else 4) as pool:
            return list(pool.map(function, items))

    # --- changes that only one of several can make --------------------------------------------

    def create(self, path: str, content: bytes) -> bool:
        """Put a file only where there is none, and say whether. Small files."""
        full = self._full(path)
        with self._lock():
            try:
                if self._renames:
                    self._fs.makedirs(full.rpartition("/")[0], exist_ok=True)
                    with open(full, "xb") as file:
                        file.write(content)
                else:
                    self._call(self._fs.pipe_file, full, content, mode="create")
            except FileExistsError:
                return False
        return True

    def swap(self, path: str, old: bytes, new: bytes) -> bool:
        """Replace a file only while its content is the old one, and say whether. Small files.

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
        """Processes on one file system, and threads of one process, one after another."""
        if self.is_object_store:
            yield
            return
        with _memory, self._lock_file() if self._renames else nullcontext():
            yield

    @contextmanager
    def _lock_file(self) -> Iterator[None]:
        with open(self._full(".lock"), "ab") as file:
            # Some shared file systems have no locks: creating is exclusive there all the same.
            with suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    # --- requests ---------------------------------------------------------------------------

    def _full(self, path: str) -> str:
        return f"{self._root}/{path}" if path else self._root

    def _call(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """A request; if it goes to an object store, transient errors are retried."""
        if not self.is_object_store:
            return function(*arguments, **options)
        begin, pause = time.monotonic(), 0.1
        while True:
            try:
                return function(*arguments, **options)
            except (FileNotFoundError, FileExistsError):
                raise
            except Exception as error:
                if not _transient(error) or time.monotonic() - begin > self.patience:
                    raise StoreError(f"the store {self.url} fails: {reason(error)}") from error
            time.sleep(pause * random.uniform(0.5, 1))
            pause = min(2 * pause, 5)


def _s3_options(protocol: str) -> dict[str, Any]:
    """Of s3fs and botocore, whose own retries are few: `Files` has the patience."""
    config = {
        "connect_timeout": 5,
        "read_timeout": 15,
        "retries": {"mode": "standard", "total_max_attempts": 2},
        "max_pool_connections": REQUESTS,
        "response_checksum_validation": "when_required",  # the store has its own checksums
    }
    # The user's own, as fsspec reads it from its files and environment, goes first.
    config |= fsspec.config.conf.get(protocol, {}).get("config_kwargs", {})
    # Without concurrency within a file, s3fs asks for it at once and not for its size first.
    return {"max_concurrency": 1, "config_kwargs": config}


TRANSIENT_ERRNO = {errno.EIO, errno.EBUSY, errno.EREMOTEIO, errno.ETIMEDOUT, errno.ECONNRESET}
"""What s3fs makes of 500 and 503, and of answers that it doesn't know."""
TRANSIENT_NAMES = {"ConnectionError", "TimeoutError", "HTTPClientError", "ClientConnectionError"}
"""Of Python, requests, botocore and aiohttp; by name, for they may not be installed."""
TRANSIENT_STATUS = {"408", "429", "500", "502", "503", "504"}


def _transient(error: Exception) -> bool:
    if {kind.__name__ for kind in type(error).__mro__} & TRANSIENT_NAMES:
        return True
    if str(getattr(error, "code", "")) in TRANSIENT_STATUS:  # gcsfs
        return True
    return isinstance(error, OSError) and error.errno in TRANSIENT_ERRNO


def reason(error: BaseException) -> str:
    """An error in one line; of a StoreError, what the file system said."""
    said = error.__cause__ if isinstance(error, StoreError) and error.__cause__ else error
    return " ".join(str(said).split()) or type(said).__name__


def _within(seconds: float, function: Callable[..., Any], *given: Any, **options: Any) -> None:
    """Call a function; StoreError if it is not back in time. It is left to end by itself."""
    failed: list[Exception] = []

    def call() -> None:
        try:
            function(*given, **options)
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise StoreError(f"no answer within {seconds:g} s")
    if failed:
        raise failed[0]
