"""Whether the recipe of a spec allows its rewind points, strategies and levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeps.errors import shown
from sweeps.spec.fields import Where, error_at, error_of
from sweeps.spec.search import FindLevel, FindRewind, candidates
from sweeps.spec.searches import levels_of
from sweeps.spec.subnetworks import Files, ImpAdaptive
from trainables import data
from trainables.completing.misfit import Misfit
from trainables.completing.subnetworks import (
    check_level,
    check_strategy,
    possible_levels,
    rewind_iteration,
)

if TYPE_CHECKING:
    from sweeps.spec.sweep import Sweep


def check(spec: Sweep) -> None:
    """Raise an error of the first thing that the recipe does not allow."""
    iterations_of(spec, spec.rewind, ("rewind",))
    for index, subnetwork in enumerate(spec.subnetworks):
        here: Where = ("subnetworks", index)
        if subnetwork.rewind is not None:
            iterations_of(spec, subnetwork.rewind, (*here, "rewind"))
        if isinstance(subnetwork, Files):
            continue
        _check_strategy(spec, subnetwork.strategy, (*here, "strategy"))
        where: Where = (*here, "levels")
        if isinstance(subnetwork.levels, FindLevel):
            last = subnetwork.levels.between[1]
            _check_levels(spec, [last], (*where, "between"), at=1)
        else:
            _check_levels(spec, levels_of(subnetwork), where)


def check_examples(spec: Sweep) -> None:
    """Raise an error where more training examples are wanted than there are."""
    there = data.facts(spec.recipe.data).train
    wanted: dict[Where, int | str | None] = {("train_examples",): spec.train_examples}
    for index, one in enumerate(spec.subnetworks):
        if isinstance(one, ImpAdaptive) and "examples" in one.model_fields_set:
            wanted["subnetworks", index, "examples"] = one.examples
    for where, number in wanted.items():
        if isinstance(number, int) and number > there:
            raise error_at(
                where,
                f"{where[-1]} {shown(number)} is above the {there} examples of {spec.recipe.data}",
            )


def iterations_of(
    spec: Sweep, points: list[int | str] | FindRewind, where: Where = ()
) -> list[int]:
    """Return rewind points in iterations, ascending: of a search, those in question."""
    if isinstance(points, FindRewind):
        here = (*where, "between")
        low, high = (_iteration(spec, one, (*here, i)) for i, one in enumerate(points.between))
        if low >= high:
            problem = f"the first, iteration {low}, is not before the last, iteration {high}"
            raise error_at(here, problem)
        return candidates(low, high, points.within)
    iterations: set[int] = set()
    for index, point in enumerate(points):
        iteration = _iteration(spec, point, (*where, index))
        if iteration in iterations:
            raise error_at((*where, index), f"rewind point {point} is listed twice")
        iterations.add(iteration)
    return sorted(iterations)


def _iteration(spec: Sweep, point: int | str, where: Where) -> int:
    try:
        return rewind_iteration(point, spec.recipe, where)
    except Misfit as misfit:
        raise error_of(misfit) from None


def _check_strategy(spec: Sweep, strategy: str, where: Where) -> None:
    """Raise an error where the recipe's pruning has no such subnetworks, or has them twice."""
    try:
        check_strategy(strategy, spec.recipe, where)
    except Misfit as misfit:
        raise error_of(misfit) from None
    if strategy == "pruned" and "imp" in {one.strategy for one in spec.subnetworks}:
        name = spec.recipe.pruning_method
        raise error_at(
            where, f"imp and pruned are the same with pruning_method {name}; list one of them"
        )


def _check_levels(spec: Sweep, levels: list[int], where: Where, at: int = 0) -> None:
    """Raise an error at a level for which nothing is left to prune; `at` is the first's place."""
    possible = possible_levels(spec.recipe, max(levels))
    for index, level in enumerate(levels, at):
        try:
            check_level(level, spec.recipe, (*where, index), possible)
        except Misfit as misfit:
            raise error_of(misfit) from None
