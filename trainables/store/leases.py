"""Leases: claims on work in flight, so that two sweeps on one store don't do a job twice at once.

    <url>/leases/<first two digits>/<key>.json   owner, seconds, and when it was last renewed

A lease is created only where there is none, and every renewal changes it. It has expired when a
reader has seen it unchanged for as long as it says: clocks of different machines need not agree,
only run at one speed. (What was last renewed long ago has expired at first sight, so that what
yesterday's crash has left costs no waiting; see CLOCK_SECONDS.) An expired lease is replaced only
while it still holds what was judged (`Files.swap`), so that one of several takes it over.

What is left: an owner that stalls for longer than its lease and then goes on, a clock that is
wrong by more than CLOCK_SECONDS, and stores without conditional changes (see `Files`). Then a job
may be done twice, which wastes time and harms nothing: jobs are deterministic, and artifacts are
named by their content and appear whole.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from copy import copy
from types import TracebackType
from typing import Any, Self

from trainables.store.errors import StoreError
from trainables.store.store import Store

CLOCK_SECONDS = 600.0
"""How far the clocks of two machines may be apart."""


class Leases:
    """Claims of one owner on keys of a store. Inside `with`, a thread renews them; on entering,
    what crashes have left is removed: claims of this owner, and those that nobody has renewed for
    long.

    An owner is one process at a time, under a name that no other has: one that begins anew under
    the same name has its leases back at once, another waits until they expire.
    """

    def __init__(self, store: Store, owner: str, seconds: float = 60.0):
        self.owner, self.seconds = owner, seconds
        self._files = copy(store.files)
        self._files.patience = seconds / 3  # a claim that comes later is worth nothing
        self._held: dict[str, tuple[bytes, float]] = {}
        """Key -> what its lease holds, and our clock before that was written."""
        self._seen: dict[str, tuple[bytes, float]] = {}
        """Key -> what another's lease held when it was last read, and our clock when first so."""
        self._changing = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def claim(self, keys: Sequence[str]) -> set[str]:
        """Claim keys, all at once; return those that were free, expired, or ours already.

        Raises StoreError.
        """
        wanted = list(dict.fromkeys(keys))
        ours = self._files.each(self._claim, wanted)
        return {key for key, got in zip(wanted, ours, strict=True) if got}

    def holds(self, key: str) -> bool:
        """Return whether a lease is ours, and was renewed so lately that nobody takes it over."""
        _, since = self._held.get(key, (b"", -math.inf))
        return time.monotonic() - since < self.seconds

    def release(self, keys: Iterable[str]) -> None:
        """Give back what is ours of these; nothing happens to what is not. Raises StoreError."""
        with self._changing:
            self._files.each(self._release, dict.fromkeys(keys))

    def holder(self, key: str) -> str | None:
        """Return the owner of an unexpired lease that is not ours, else None. Raises StoreError."""
        content = self._read(key)
        if content is None or self._is_ours(content) or self._expired(key, content):
            return None
        return str(_facts(content).get("owner", "unknown"))

    def __enter__(self) -> Self:
        with suppress(StoreError):
            self._clear()
        self._stop.clear()
        self._thread = threading.Thread(target=self._keep, name="leases", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join()
        with suppress(StoreError):  # they expire
            self.release(list(self._held))

    def _clear(self) -> None:
        names = self._files.sizes("leases")
        folders = [name for name in names if len(name) == 2]  # object stores list none
        below = self._files.each(lambda name: self._files.sizes(f"leases/{name}"), folders)
        left = [key for listing in (names, *below) for key in _keys(listing)]
        self._files.each(self._remove_left, left)

    def _remove_left(self, key: str) -> None:
        content = self._read(key)
        if content is not None and (self._is_ours(content) or self._is_old(content)):
            self._files.remove_if(_path(key), content)

    def _claim(self, key: str) -> bool:
        now = time.monotonic()
        if key in self._held and now - self._held[key][1] < self.seconds:
            return True
        fresh = self._content()
        if not self._files.create(_path(key), fresh):
            content = self._read(key)
            if content is None:  # released just now: for the next claim
                return False
            if not self._is_ours(content) and not self._expired(key, content):
                self._held.pop(key, None)
                return False
            if not self._files.swap(_path(key), content, fresh) and self._read(key) != fresh:
                self._held.pop(key, None)
                return False
        self._held[key] = fresh, now
        self._seen.pop(key, None)
        return True

    def _release(self, key: str) -> None:
        self._held.pop(key, None)
        content = self._read(key)
        if content is not None and self._is_ours(content):
            self._files.remove_if(_path(key), content)

    def _keep(self) -> None:
        while not self._stop.wait(self.seconds / 3):
            with self._changing, suppress(RuntimeError):  # no threads while Python ends
                self._files.each(self._renew, list(self._held))

    def _renew(self, key: str) -> None:
        now, fresh = time.monotonic(), self._content()
        held, since = self._held[key]
        with suppress(OSError):  # the next time, perhaps
            if self._files.swap(_path(key), held, fresh):
                self._held[key] = fresh, now
                return
            content = self._read(key)
            if content is not None and self._is_ours(content):
                self._held[key] = content, since  # written, but the answer was lost on its way
            else:
                self._held.pop(key, None)  # taken over

    def _content(self) -> bytes:
        """Return the content of a lease, never the same twice."""
        facts = {"owner": self.owner, "seconds": self.seconds, "renewed_at": time.time()}
        return json.dumps(facts | {"count": time.monotonic_ns()}).encode()

    def _read(self, key: str) -> bytes | None:
        try:
            return self._files.get(_path(key))
        except FileNotFoundError:
            return None

    def _is_ours(self, content: bytes) -> bool:
        return _facts(content).get("owner") == self.owner

    def _expired(self, key: str, content: bytes) -> bool:
        facts, now = _facts(content), time.monotonic()
        seconds = float(facts.get("seconds", self.seconds))
        if key not in self._seen or self._seen[key][0] != content:
            self._seen[key] = content, now
        unchanged = now - self._seen[key][1]
        return unchanged >= seconds or self._is_old(content)

    def _is_old(self, content: bytes) -> bool:
        """Whether a lease has expired, however far the clocks are apart."""
        facts, now = _facts(content), time.time()
        age = now - float(facts.get("renewed_at", now))
        return age > float(facts.get("seconds", self.seconds)) + CLOCK_SECONDS


def _facts(content: bytes) -> dict[str, Any]:
    """Return what a lease says; nothing if it is no lease, or not written to its end yet."""
    try:
        facts = json.loads(content)
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}


def _keys(names: Iterable[str]) -> list[str]:
    return [name.removesuffix(".json") for name in names if name.endswith(".json")]


def _path(key: str) -> str:
    return f"leases/{key[:2]}/{key}.json"
