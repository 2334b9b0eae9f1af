"""The searches of a whole spec: which there are, and whether what they need is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeps.spec.fields import Where, error_at
from sweeps.spec.search import FindLevel, FindRewind
from sweeps.spec.subnetworks import Dense, Files, ImpAdaptive, Trained

if TYPE_CHECKING:
    from sweeps.spec.sweep import Sweep


def search_of(spec: Sweep, subnetwork: Trained) -> FindRewind | FindLevel | None:
    """Return what is searched for of a subnetwork, if anything.

    Dense networks match by definition: where matching ones are searched for, the dense ones that
    these are held against are trained at the first rewind point.
    """
    rewind = spec.rewind if subnetwork.rewind is None else subnetwork.rewind
    if isinstance(rewind, FindRewind):
        is_reference = isinstance(subnetwork, Dense) and rewind.find == "matching"
        return None if is_reference else rewind
    levels = subnetwork.levels
    return levels if isinstance(levels, FindLevel) else None


def points_of(spec: Sweep, subnetwork: Trained) -> list[int]:
    """Return the rewind points of a subnetwork, or those in question."""
    points = spec.rewind_of(subnetwork)
    rewind = spec.rewind if subnetwork.rewind is None else subnetwork.rewind
    searched = isinstance(rewind, FindRewind)
    return points[:1] if searched and search_of(spec, subnetwork) is None else points


def levels_of(subnetwork: Trained | Files) -> list[int]:
    """Return the levels of a subnetwork, or those in question."""
    levels = subnetwork.levels
    if isinstance(levels, FindLevel):
        first, last = levels.between
        return list(range(first, last + 1))
    return levels


def grows(spec: Sweep) -> bool:
    """Return whether what a sweep trains depends on what comes out."""
    return what_grows(spec) is not None


def what_grows(spec: Sweep) -> tuple[Where, str] | None:
    """Return the first place of a spec by which what it trains depends on what comes out, and what
    would stand there otherwise; None if there is no such place."""
    for index, one in enumerate(spec.subnetworks):
        if isinstance(one, Files):
            continue
        where: Where = ("subnetworks", index)
        if isinstance(one, ImpAdaptive):
            return (*where, "strategy"), "another strategy than imp-adaptive, which searches itself"
        search = search_of(spec, one)
        if isinstance(search, FindLevel):
            return (*where, "levels"), "a list of levels: [3, 11]"
        if search is not None:
            own: Where = ("rewind",) if one.rewind is None else (*where, "rewind")
            return own, "a list of rewind points: [0, 120]"
    return None


def check(spec: Sweep) -> None:
    """Raise an error of a search that makes no sense, or cannot be judged."""
    pruned = [one for one in spec.subnetworks if not isinstance(one, Files | Dense)]
    if "copies" not in spec.compare and not pruned:
        problem = "pairs of levels need pruned subnetworks, and there are none"
        raise error_at(("compare",), problem)
    for index, one in enumerate(spec.subnetworks):
        if isinstance(one, Files):
            continue
        where: Where = ("subnetworks", index)
        by_level = isinstance(one.levels, FindLevel)
        own: Where = ("rewind",) if one.rewind is None else (*where, "rewind")
        search = search_of(spec, one)
        if search is not None and spec.of_levels:
            problem = "pairs of levels need lists of levels and of rewind points, not a search"
            raise error_at(("compare",), problem)
        if isinstance(one, ImpAdaptive) and search is not None:
            problem = "imp-adaptive needs a list of rewind points: it searches for levels itself"
            raise error_at(own, problem)
        if by_level and isinstance(search, FindRewind):
            problem = "a rewind point and a level cannot both be searched for; list one of them"
            raise error_at((*where, "levels"), problem)
        if isinstance(one, Dense) and isinstance(one.rewind, FindRewind) and search is None:
            raise error_at(own, "dense networks match by definition; find: stable")
        if search is not None:
            _check_judged(spec, search, (*where, "levels") if by_level else own)


def _check_judged(spec: Sweep, search: FindRewind | FindLevel, where: Where) -> None:
    measured = {one.measure for one in spec.measure}
    if search.find == "stable":
        if "instability" not in measured or len(spec.orders) < 2:
            raise error_at(where, "find: stable needs the measure instability and two order seeds")
        return
    if not measured & {"instability", "accuracy"}:
        raise error_at(where, "find: matching needs the measure instability, or accuracy")
    if not any(isinstance(one, Dense) for one in spec.subnetworks):
        raise error_at(where, "find: matching needs dense among the subnetworks")
    if isinstance(spec.matching, str) and len(spec.inits) < 2:
        problem = f"matching: {spec.matching} is a deviation over inits: at least 2 of them"
        raise error_at(where, problem)
