"""The drivers of a cluster's other sweeps: what they announce to each other.

Announcements lie in the key-value table of Ray's head, which all drivers of a cluster reach,
whatever their stores. Each driver renews its own; one that a reader has seen unchanged for
EXPIRY_SECONDS is of a driver that died. So clocks need not agree.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Protocol, Self

from sweeps.placement import Demand, Shape
from sweeps.running.priority import Announced, gives_way, lacks

LOOK_SECONDS = 2.0
"""Between two looks at what the others announce: a few requests to Ray's head."""

EXPIRY_SECONDS = 20.0
"""After which an announcement that is not renewed counts no more. Drivers renew theirs every
LOOK_SECONDS, or later while they plan."""


class Board(Protocol):
    """Where a cluster's drivers announce. Methods raise whatever Ray raises."""

    def put(self, name: str, text: str) -> None: ...

    def remove(self, name: str) -> None: ...

    def all(self) -> Mapping[str, str]:
        """Return all announcements by the names of their drivers."""

    def machines(self) -> tuple[Sequence[Shape], Sequence[Shape]]:
        """Return the resources of each machine, all of them and those that are free."""


class Rivals:
    """Says whether a sweep gives way to another on its cluster. A context manager."""

    def __init__(
        self,
        name: str,
        priority: int,
        demand: Demand,
        board: Board,
        clock: Callable[[], float] = time.monotonic,
    ):
        """`name` is of this driver and of no other."""
        self._name, self._priority, self._demand = name, priority, demand
        self._board, self._clock = board, clock
        self.gives_way = False
        """Whether nothing is to be handed out now."""
        self._looked = -float("inf")
        self._seen: dict[str, tuple[str, float]] = {}
        """Driver -> what it announced, and our clock when that was first seen."""
        self._count = 0

    def look(self, wants: bool, placed: int) -> None:
        """Announce and hear, if it is time; call often.

        `wants`: whether this sweep has a batch that waits for room or is ready; `placed` is the
        number of batches that have theirs. While Ray's head does not answer, nobody gives way.
        """
        if self._clock() - self._looked < LOOK_SECONDS:
            return
        try:
            self._look(wants, placed)
        except Exception:  # Ray raises many kinds; Tune tells of a head that is gone
            self.gives_way = False
        self._looked = self._clock()

    def _look(self, wants: bool, placed: int) -> None:
        machines = self._board.machines() if wants else ((), ())
        scarce = lacks(self._demand, wants, placed, *machines)
        self._count += 1
        own = {"priority": self._priority, "lacks": sorted(scarce), "count": self._count}
        self._board.put(self._name, json.dumps(own))
        there = self._board.all()
        now = self._clock()
        self._seen = {
            name: (text, self._seen[name][1])
            if self._seen.get(name, ("", 0.0))[0] == text
            else (text, now)
            for name, text in there.items()
            if name != self._name
        }
        dead = [n for n, (_, since) in self._seen.items() if now - since > EXPIRY_SECONDS]
        for name in dead:
            del self._seen[name]
            self._board.remove(name)
        others = [found for text, _ in self._seen.values() if (found := _read(text))]
        self.gives_way = gives_way(self._priority, self._demand.worker, others)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(Exception):  # it expires
            self._board.remove(self._name)


def _read(text: str) -> Announced | None:
    """Return what a driver announced; None of one of another version that says it otherwise."""
    try:
        found = json.loads(text)
        return Announced(int(found["priority"]), frozenset(found["lacks"]))
    except (ValueError, KeyError, TypeError):
        return None


class RayBoard:
    """A board in the key-value table of the head of the Ray to which this process is connected."""

    NAMESPACE = b"stability-sweeps"
    PREFIX = "driver:"
    SECONDS = 5
    """Within which the head answers, or is taken to be away."""

    def put(self, name: str, text: str) -> None:
        key = f"{self.PREFIX}{name}".encode()
        self._table().internal_kv_put(key, text.encode(), True, self.NAMESPACE, self.SECONDS)

    def remove(self, name: str) -> None:
        key = f"{self.PREFIX}{name}".encode()
        self._table().internal_kv_del(key, False, self.NAMESPACE, self.SECONDS)

    def all(self) -> dict[str, str]:
        table = self._table()
        keys = table.internal_kv_keys(self.PREFIX.encode(), self.NAMESPACE, self.SECONDS)
        found = table.internal_kv_multi_get(keys, self.NAMESPACE, self.SECONDS)
        return {k.decode().removeprefix(self.PREFIX): text.decode() for k, text in found.items()}

    def machines(self) -> tuple[list[Shape], list[Shape]]:
        import ray
        from ray._private.state import available_resources_per_node

        free = available_resources_per_node()
        alive = [one for one in ray.nodes() if one["Alive"]]
        return [n["Resources"] for n in alive], [free.get(n["NodeID"], {}) for n in alive]

    @staticmethod
    def _table() -> Any:
        from ray.experimental.internal_kv import internal_kv_get_gcs_client

        return internal_kv_get_gcs_client()
