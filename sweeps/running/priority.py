"""Which of the sweeps on one cluster gives way to which. Pure.

Ray places workers first come, first served. So each driver announces its sweep's priority and what
its next batch lacks; a driver that must give way hands out nothing, and takes back what waits for
room, until the sweep of higher priority lacks nothing that it could use.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sweeps.errors import UserError
from sweeps.placement import Demand, Machines, Shape

LOWEST, HIGHEST = -100, 100


@dataclass(frozen=True)
class Announced:
    """What a driver tells the others."""

    priority: int
    lacks: frozenset[str] = frozenset()
    """The resources for which its next batch waits; none if it waits for none."""


def gives_way(priority: int, uses: Collection[str], others: Iterable[Announced]) -> bool:
    """Return whether a sweep that uses some resources leaves them to one of higher priority."""
    return any(one.priority > priority and not one.lacks.isdisjoint(uses) for one in others)


def lacks(
    demand: Demand, wants: bool, placed: int, machines: Sequence[Shape], free: Sequence[Shape]
) -> frozenset[str]:
    """Return the resources for which a sweep's next batch waits.

    None if it `wants` none. None either if no machine could hold another: with `placed` batches it
    has all the room of its shape that there is, or machines are yet to come. And none if there is
    room: then its worker is starting. `machines` are all resources of each machine, `free` those
    that nobody holds.
    """
    if not wants or placed >= _room(machines, demand) or _room(free, demand):
        return frozenset()
    shape = demand.worker
    scarce = {
        name
        for name, amount in shape.items()
        if sum(int(one.get(name, 0) / amount + 1e-9) for one in free) < demand.workers
    }
    return frozenset(scarce or shape)  # no single one where they are free on different machines


def _room(machines: Sequence[Shape], demand: Demand) -> int:
    try:
        return Machines(machines).trainings(demand)
    except UserError:
        return 0
