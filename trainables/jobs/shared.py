"""The artifact store as the workers of a team see it: the first one reads and writes for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

from trainables.store import Artifact, Missing, Store
from trainables.training.team import Team

T = TypeVar("T")


class Artifacts(Protocol):
    """The methods of a store (`trainables.store.Store`) that doing jobs needs."""

    def read(self, kind: str, key: str) -> Artifact: ...

    def write(self, kind: str, key: str, payload: bytes, suffix: str, **facts: Any) -> None: ...

    def complete(self, artifacts: Iterable[tuple[str, str]]) -> set[str]: ...

    def delete(self, kind: str, key: str) -> None: ...

    def prune(self, kind: str, key: str) -> None: ...

    def set_aside(self, kind: str, key: str) -> None: ...


class SharedStore:
    """A store on which all workers make the same calls, with the same answers or errors."""

    def __init__(self, store: Store, team: Team):
        self._store, self._team = store, team

    def read(self, kind: str, key: str) -> Artifact:
        return self._first(lambda: self._store.read(kind, key))

    def write(self, kind: str, key: str, payload: bytes, suffix: str, **facts: Any) -> None:
        self._first(lambda: self._store.write(kind, key, payload, suffix, **facts))

    def complete(self, artifacts: Iterable[tuple[str, str]]) -> set[str]:
        return self._first(lambda: self._store.complete(artifacts))

    def delete(self, kind: str, key: str) -> None:
        self._first(lambda: self._store.delete(kind, key))

    def prune(self, kind: str, key: str) -> None:
        self._first(lambda: self._store.prune(kind, key))

    def set_aside(self, kind: str, key: str) -> None:
        self._first(lambda: self._store.set_aside(kind, key))

    def _first(self, call: Callable[[], T]) -> T:
        answer: T | None = None
        error: Exception | None = None
        if self._team.rank == 0:
            try:
                answer = call()
            except (Missing, OSError) as raised:
                error = raised
        answer, error = self._team.decide((answer, error))
        if error is not None:
            raise error
        return answer  # type: ignore[return-value]
