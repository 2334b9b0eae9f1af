"""Expanding a spec into trials and jobs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from types import MappingProxyType

from analysis.strategies import of_files
from sweeps.plan import lines
from sweeps.plan.graph import Cell, Coordinates, Plan, Trial, Variant
from sweeps.plan.known import Facts, Known
from sweeps.plan.proposals import recipes
from sweeps.spec import Sweep
from sweeps.spec.subnetworks import Files
from trainables.jobs.kinds import Network, Strategy
from trainables.jobs.lineage import Lineage, Restart
from trainables.measures.parts import parts_of
from trainables.store.keys import content_key


def expand(spec: Sweep, facts: Mapping[str, Facts] = MappingProxyType({})) -> Plan:
    """The plan of a spec, as far as it follows from the outcomes that are known.

    `facts` are those of finished jobs by key (`sweeps.plan.known`). Keys do not depend on the order
    of the spec's lists.
    """
    known = Known(facts)
    trials: dict[str, Trial] = {}
    variants = []
    for one in recipes(spec, known, lambda own: _trials(own, known)):
        keys = tuple(trial.key for trial in one.trials)
        variants.append(Variant(one.spec, one.vary, keys, one.whole, one.rung))
        for trial in one.trials:
            trials.setdefault(trial.key, trial)
    return Plan(spec, tuple(trials.values()), tuple(variants), known.open)


def _trials(spec: Sweep, known: Known) -> Iterator[Trial]:
    """The trials of one recipe."""
    cells = lines.cells(spec, known, lambda cell, init: _alone(spec, cell, init))
    yield from _trained(spec, cells)
    yield from _given(spec)


def _alone(spec: Sweep, cell: Cell, init: int) -> tuple[Trial, ...]:
    """The trials of a cell of one init, with the keys that they have in every plan."""
    return tuple(_copies(spec, _lineage(spec, init, [cell[2]]), cell))


def _lineage(spec: Sweep, init: int, points: Iterable[int]) -> Lineage:
    return Lineage(
        *(spec.recipe, init, points, spec.pretrain_order, spec.imp_order, spec.evaluation),
        independent=spec.seeds == "independent",
    )


def _trained(spec: Sweep, cells: Mapping[Cell, Sequence[int]]) -> Iterator[Trial]:
    """The trials of networks that are trained here."""
    lineages = {
        init: _lineage(spec, init, {k for (_, _, k, _), inits in cells.items() if init in inits})
        for init in sorted(spec.inits)
    }
    for cell, inits in cells.items() if "copies" in spec.compare else ():
        for init in inits:
            yield from _copies(spec, lineages[init], cell)
    for (strategy, k, restart), of_inits in _chains(cells).items() if spec.of_levels else ():
        for init, levels in of_inits.items():
            cell = (strategy, 0, k, restart)
            yield from _levels(spec, lineages[init], cell, sorted(levels))


def _copies(spec: Sweep, lineage: Lineage, cell: Cell) -> Iterator[Trial]:
    """The trials of the copies in a cell: every two of them, or the one there is."""
    strategy, level, k, restart = cell
    options = spec.options_of(strategy)
    arms = [lineage.arm(strategy, level, k, o, restart, options) for o in sorted(spec.orders)]
    for compared in combinations(arms, min(2, len(arms))):
        orders = tuple(arm.order_seed for arm in compared)
        strategy, seed = compared[0].strategy, lineage.init_seed
        yield _trial(spec, Coordinates(strategy, level, k, seed, orders, restart), compared, arms)


def _chains(
    cells: Mapping[Cell, Sequence[int]],
) -> dict[tuple[Strategy, int, Restart], dict[int, set[int]]]:
    """Return the levels of each strategy, rewind point and restart by init, with the dense one."""
    chains: dict[tuple[Strategy, int, Restart], dict[int, set[int]]] = {}
    for (strategy, level, k, restart), inits in cells.items():
        for init in inits if level else ():
            chains.setdefault((strategy, k, restart), {}).setdefault(init, {0}).add(level)
    return chains


def _levels(spec: Sweep, lineage: Lineage, cell: Cell, levels: Sequence[int]) -> Iterator[Trial]:
    """The trials of pairs of levels, under each order seed; `cell` is that of level 0."""
    strategy, _, k, restart = cell
    options = spec.options_of(strategy)
    for order in sorted(spec.orders):
        every = "all-levels" in spec.compare
        for first, second in combinations(levels, 2) if every else pairwise(levels):
            arms = tuple(
                lineage.arm(strategy if level else "dense", level, k, order, restart, options)
                for level in (first, second)
            )
            name, seed = arms[1].strategy, lineage.init_seed
            at = Coordinates(name, first, k, seed, (order, order), restart, second)
            yield _trial(spec, at, arms)


def _given(spec: Sweep) -> Iterator[Trial]:
    """The trials of networks from files."""
    for files in (one for one in spec.subnetworks if isinstance(one, Files)):
        for first, second in combinations(files.jobs(spec.recipe), 2):
            at = Coordinates(of_files(first.name, second.name), 0, 0, 0, (1, 2))
            yield _trial(spec, at, (first, second))


def _trial(
    spec: Sweep, at: Coordinates, arms: tuple[Network, ...], cell: Sequence[Network] = ()
) -> Trial:
    """Return the trial of some networks, `cell` being all copies among which they are a pair."""
    if len(arms) == 2:
        key = spec.instability.of(arms).key
    else:
        key = content_key("trial", {"networks": [arm.key for arm in arms]})
    return Trial(key, at, arms, parts_of(spec.measure, arms, cell, at.kind))
