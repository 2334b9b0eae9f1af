"""Expanding a spec into trials and jobs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from analysis.strategies import of_files
from sweeps.plan.graph import Coordinates, Plan, Trial
from sweeps.spec import Sweep
from sweeps.spec.subnetworks import Files
from trainables.jobs.kinds import Network
from trainables.jobs.lineage import Lineage
from trainables.measures.parts import parts_of


def expand(spec: Sweep) -> Plan:
    """The plan of a spec. Its keys do not depend on the order of the spec's lists."""
    return Plan(spec, (*_trained(spec), *_given(spec)))


def _trained(spec: Sweep) -> Iterator[Trial]:
    """The trials of networks that are trained here."""
    trained = [one for one in spec.subnetworks if not isinstance(one, Files)]
    points = {k for subnetwork in trained for k in spec.rewind_of(subnetwork)}
    lineages = [
        Lineage(
            *(spec.recipe, seed, points, spec.pretrain_order, spec.imp_order, spec.evaluation),
            independent=spec.seeds == "independent",
        )
        for seed in sorted(spec.inits)
    ]
    cells = {
        (subnetwork.strategy, level, k, restart)
        for subnetwork in trained
        for level in subnetwork.levels
        for k in spec.rewind_of(subnetwork)
        for restart in spec.restarts_at(k)
    }
    for strategy, level, k, restart in sorted(cells):
        for lineage in lineages:
            arms = [lineage.arm(strategy, level, k, o, restart) for o in sorted(spec.orders)]
            for first, second in combinations(arms, 2):
                orders = (first.order_seed, second.order_seed)
                seed = lineage.init_seed
                at = Coordinates(first.strategy, level, k, seed, orders, restart)
                yield _trial(spec, at, (first, second), arms)


def _given(spec: Sweep) -> Iterator[Trial]:
    """The trials of networks from files."""
    for files in (one for one in spec.subnetworks if isinstance(one, Files)):
        for first, second in combinations(files.jobs(spec.recipe), 2):
            at = Coordinates(of_files(first.name, second.name), 0, 0, 0, (1, 2))
            yield _trial(spec, at, (first, second))


def _trial(
    spec: Sweep, at: Coordinates, pair: tuple[Network, Network], cell: Sequence[Network] = ()
) -> Trial:
    """Return the trial of a pair of a cell's arms: everything that the spec measures of it."""
    return Trial(spec.instability.of(pair).key, at, pair, parts_of(spec.measure, pair, cell))
