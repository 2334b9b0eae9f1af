"""The processes that share a training: which of its slices each does, and what they tell another.

All of a team do the same things in the same order; where a decision depends on a clock or on the
world outside, the first one decides (`decide`). Sums are taken in the order of a binary tree over
the slices, whoever holds which: a training has the same bits on any number of workers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import Tensor

T = TypeVar("T")

TIMEOUT = timedelta(minutes=30)
"""After which a worker that waits for another gives up."""


class TeamLost(BaseException):
    """Another worker is gone: nothing can be done that needs it. No job is the reason, so it is
    not an Exception, which would be taken for a job's."""


class Team:
    """This process alone; see `Workers` for several."""

    rank, size = 0, 1

    def decide(self, value: T) -> T:
        """Return the first worker's value, whatever this one has."""
        return value

    def add(self, vector: Tensor) -> Tensor:
        """Return the sum of the workers' vectors [n]. The argument may be overwritten."""
        return vector

    def gather(self, value: T) -> list[T]:
        """Return every worker's value, by rank."""
        return [value]

    def share(self, parts: int) -> range:
        """Return which of so many equal parts of some work are this worker's: neighbours."""
        each = parts // self.size
        return range(self.rank * each, (self.rank + 1) * each)

    def turns(self, parts: int) -> range:
        """Return which of any number of parts are this worker's: each in turn."""
        return range(self.rank, parts, self.size)

    def rounds(self, parts: int) -> int:
        """Return how many parts the worker with the most has."""
        return -(-parts // self.size)


ALONE = Team()


class Workers(Team):
    """The processes of the default group of `torch.distributed`; a power of two of them. Whatever
    is done together raises TeamLost when one is gone.

    What they decide goes over the CPU: with GPUs, its backend must be "cpu:gloo,cuda:nccl".
    """

    def __init__(self) -> None:
        import torch.distributed as dist

        self._dist = dist
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        if self.size & (self.size - 1):
            raise ValueError(f"a team is a power of two of workers, not {self.size}")

    def decide(self, value: T) -> T:
        held: list[Any] = [value]
        with _together():
            self._dist.broadcast_object_list(held, device=torch.device("cpu"))
        decided: T = held[0]
        return decided

    def gather(self, value: T) -> list[T]:
        held: list[Any] = [None] * self.size
        with _together():
            self._dist.all_gather_object(held, value)
        return held

    @torch.no_grad()
    def add(self, vector: Tensor) -> Tensor:
        """Each adds up a part for all, so that the order is the same and no more is sent than
        any sum of all takes."""
        short = -len(vector) % self.size
        whole = torch.nn.functional.pad(vector, (0, short)) if short else vector
        parts = torch.empty_like(whole)
        with _together():
            self._dist.all_to_all_single(parts, whole)
        sums = list(parts.view(self.size, -1).unbind())
        while len(sums) > 1:
            sums = [a.add_(b) for a, b in zip(sums[::2], sums[1::2], strict=True)]
        with _together():
            self._dist.all_gather_into_tensor(whole, sums[0])
        return whole[: len(vector)]


@contextmanager
def _together() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise TeamLost(" ".join(str(error).split())) from None
