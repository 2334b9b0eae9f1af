"""Artifacts that a process keeps in memory, so that pairs and levels don't read theirs again."""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor

HELD_BYTES = 256 * 2**20
"""Of all of them; the last one is kept whatever its size."""


class Held:
    """The tensors of the artifacts that were used last, by their keys."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, dict[str, Tensor]] = OrderedDict()

    def __contains__(self, key: str) -> bool:
        return key in self._held

    def get(self, key: str) -> dict[str, Tensor]:
        """Return an artifact that is held, which is now the last one used."""
        self._held.move_to_end(key)
        return self._held[key]

    def put(self, key: str, tensors: dict[str, Tensor]) -> None:
        """Hold an artifact, and drop those that were not used for longest where it is too much."""
        self._held[key] = tensors
        self._held.move_to_end(key)
        size = sum(value.nbytes for one in self._held.values() for value in one.values())
        while size > HELD_BYTES and len(self._held) > 1:
            _, dropped = self._held.popitem(last=False)
            size -= sum(value.nbytes for value in dropped.values())
