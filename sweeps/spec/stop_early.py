"""`stop_early` in a spec's `search`: combinations that lag are not trained to their end.

This is successive halving. A combination is judged on a part of its trials, a rung, and goes on to
the next only if it is among the best of the combinations judged there so far. The names are those
of Optuna and of Ray Tune's ASHA: `rungs` and `reduction_factor`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, Field

from sweeps.spec.fields import STRICT, error_at
from sweeps.spec.searches import levels_of
from sweeps.spec.subnetworks import Files
from trainables.completing.subnetworks import MAX_LEVEL

if TYPE_CHECKING:
    from sweeps.spec.sweep import Sweep

Extent = tuple[int, int, int]
"""Of a rung: numbers of inits and of orders, and the highest level."""


class Rung(BaseModel):
    """The trials on which combinations are judged before they go on."""

    model_config = STRICT
    inits: Annotated[int, Field(ge=1)] | None = None
    """Of so many seeds of initial weights, the smallest ones; of all if absent."""
    orders: Annotated[int, Field(ge=2)] | None = None
    """Of every pair of so many order seeds, the smallest ones; of all if absent."""
    level: Annotated[int, Field(ge=0, le=MAX_LEVEL)] | None = None
    """Of networks up to this level, 0 being dense; of all levels if absent."""


class StopEarly(BaseModel):
    """Successive halving of a search's combinations."""

    model_config = STRICT
    rungs: Annotated[list[Rung], Field(min_length=1, max_length=10)] = [Rung(inits=1, orders=2)]
    """Each with more trials than the one before it, and the last with fewer than there are."""
    reduction_factor: Annotated[int, Field(ge=2, le=100)] = 3
    """Of so many combinations judged on a rung one goes on, the best."""


def extents(stop: StopEarly, whole: Sweep) -> list[Extent]:
    """Return the extents of the rungs, and then of all trials of a combination."""
    highest = max(_levels(whole))
    each = [*stop.rungs, Rung()]
    return [
        (
            len(whole.inits) if one.inits is None else one.inits,
            len(whole.orders) if one.orders is None else one.orders,
            highest if one.level is None else one.level,
        )
        for one in each
    ]


def check(stop: StopEarly, whole: Sweep, metric: str) -> None:
    """Raise an error of a rung that is none: of all trials, of none, or no larger than the last."""
    found = extents(stop, whole)
    levels = _levels(whole)
    for index, (inits, orders, level) in enumerate(found[:-1]):
        where = ("search", "stop_early", "rungs", index)
        for name, asked, there in (
            ("inits", inits, len(whole.inits)),
            ("orders", orders, len(whole.orders)),
        ):
            if asked > there:
                raise error_at((*where, name), f"the spec has {there} {name}, fewer than {asked}")
        held = [one for one in levels if one <= level]
        if not held:
            raise error_at((*where, "level"), f"the lowest level of the spec is {min(levels)}")
        if metric == "drop" and max(held) == 0:
            problem = "metric drop needs pruned networks: a level of at least "
            raise error_at((*where, "level"), problem + str(min(one for one in levels if one)))
        if not _below((inits, orders, level), found[index + 1], levels):
            other = "all trials" if index + 2 == len(found) else "the next rung"
            raise error_at(where, f"it must have fewer trials than {other}: {_says(found[index])}")


def _levels(whole: Sweep) -> Sequence[int]:
    trained = (one for one in whole.subnetworks if not isinstance(one, Files))
    return sorted({level for one in trained for level in levels_of(one)}) or [0]


def _below(one: Extent, other: Extent, levels: Sequence[int]) -> bool:
    """Whether all trials of one extent are of the other, and not the other way round."""

    def amounts(extent: Extent) -> Extent:
        return extent[0], extent[1], sum(level <= extent[2] for level in levels)

    mine, theirs = amounts(one), amounts(other)
    return mine != theirs and all(a <= b for a, b in zip(mine, theirs, strict=True))


def _says(extent: Extent) -> str:
    inits, orders, level = extent
    return f"it is of {inits} inits, {orders} orders and levels up to {level}"
