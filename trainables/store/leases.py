"""Leases: who is doing what, so that two sweeps on one store don't do the same job at once.

    <url>/leases/<first two digits>/<key>.json     its owner, and how often it was renewed

A lease is made only where there is none, which a file system decides for all who ask at once
(`O_EXCL`; a conditional PUT on an object store). It has expired when somebody has watched it for
its length without seeing it renewed: no clock is compared with another machine's. Taking over an
expired lease is looking, deleting and making: two who do that within the same few milliseconds may
both succeed. Then a job is done twice, to the same bits; nothing else depends on leases.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from trainables.store.store import Store

T = TypeVar("T")

REQUESTS = 32
"""At a time, where each goes over a network."""


class Leases:
    """The leases of one owner. As a context it renews them until it ends, then gives them back.

    An owner that comes again under its old name has its old leases: no two may have one name.
    """

    def __init__(self, store: Store, owner: str, seconds: float = 60.0):
        self.owner, self.seconds = owner, seconds
        self._fs, self._folder = store.file_system, f"{store.root}/leases"
        self._puts = store.puts
        self._pool = ThreadPoolExecutor(REQUESTS) if store.remote else None
        self._held: set[str] = set()
        self._seen: dict[str, tuple[bytes, float]] = {}
        """Another's lease: what it held, and since when."""
        self._renewals = 0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="leases", daemon=True)

    def __enter__(self) -> Leases:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        with suppress(OSError):  # they expire
            self.release(self._held)

    def claim(self, keys: Sequence[str]) -> set[str]:
        """Those that are ours now: they were free, expired or ours."""
        ours = {key for key, mine in zip(keys, self._each(self._claim, keys), strict=True) if mine}
        with self._lock:
            self._held |= ours
        return ours

    def release(self, keys: Iterable[str]) -> None:
        """Give back what is ours; others' leases stay."""
        with self._lock:
            ours = self._held.intersection(keys)
            self._held -= ours
        self._each(self._release, sorted(ours))

    def holder(self, key: str) -> str | None:
        """Who else holds an unexpired lease."""
        content = self._read(key)
        if content is None or (owner := _owner(content)) == self.owner:
            return None
        return None if self._expired(key, content) else owner

    def _claim(self, key: str) -> bool:
        content = self._read(key)
        if content is not None:
            if _owner(content) == self.owner:
                return True
            if not self._expired(key, content) or self._read(key) != content:
                return False
            with suppress(FileNotFoundError):
                self._fs.rm_file(self._path(key))
        try:
            self._create(key)
        except FileExistsError:
            return False
        self._seen.pop(key, None)
        return True

    def _release(self, key: str) -> None:
        content = self._read(key)
        if content is not None and _owner(content) == self.owner:
            with suppress(FileNotFoundError):
                self._fs.rm_file(self._path(key))

    def _expired(self, key: str, content: bytes) -> bool:
        """Whether we have watched it for its length without a change."""
        known, since = self._seen.get(key, (None, 0.0))
        if content != known:
            self._seen[key] = content, time.monotonic()
            return False
        return time.monotonic() - since > _length(content, self.seconds)

    def _renew(self) -> None:
        while not self._ended.wait(self.seconds / 3):
            self._renewals += 1
            with self._lock:
                held = sorted(self._held)
            with suppress(OSError):  # the next turn tries again
                self._each(self._renew_one, held)

    def _renew_one(self, key: str) -> None:
        content = self._read(key)
        if content is not None and _owner(content) != self.owner:
            with self._lock:
                self._held.discard(key)  # taken over: we were silent for too long
        elif key in self._held:
            self._fs.pipe_file(self._path(key), self._content())

    def _each(self, do: Callable[[str], T], keys: Sequence[str]) -> list[T]:
        if self._pool is None or len(keys) < 2:
            return [do(key) for key in keys]
        return list(self._pool.map(do, keys))

    def _path(self, key: str) -> str:
        return f"{self._folder}/{key[:2]}/{key}.json"

    def _read(self, key: str) -> bytes | None:
        try:
            content: bytes = self._fs.cat_file(self._path(key))
        except FileNotFoundError:
            return None
        return content

    def _create(self, key: str) -> None:
        """Raises FileExistsError; of several who try at once all but one."""
        path = self._path(key)
        self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        if self._puts:
            self._fs.pipe_file(path, self._content(), mode="create")
        else:  # fsspec's own `create` would look first and write then
            with self._fs.open(path, "xb") as file:
                file.write(self._content())

    def _content(self) -> bytes:
        facts = {"owner": self.owner, "seconds": self.seconds, "renewals": self._renewals}
        return json.dumps(facts).encode()


def _facts(content: bytes) -> dict[str, Any]:
    """Of a lease; none while it is being written."""
    try:
        facts: dict[str, Any] = json.loads(content)
    except ValueError:
        facts = {}
    return facts


def _owner(content: bytes) -> str:
    owner: str = _facts(content).get("owner", "")
    return owner


def _length(content: bytes, otherwise: float) -> float:
    length: float = _facts(content).get("seconds", otherwise)
    return length
