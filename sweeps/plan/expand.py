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
from trainables.store.keys import content_key


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
            for compared in combinations(arms, min(2, len(arms))):
                orders = tuple(arm.order_seed for arm in compared)
                seed = lineage.init_seed
                at = Coordinates(compared[0].strategy, level, k, seed, orders, restart)
                yield _trial(spec, at, compared, arms)


def _given(spec: Sweep) -> Iterator[Trial]:
    """The trials of networks from files."""
    for files in (one for one in spec.subnetworks if isinstance(one, Files)):
        for first, second in combinations(files.jobs(spec.recipe), 2):
            at = Coordinates(of_files(first.name, second.name), 0, 0, 0, (1, 2))
            yield _trial(spec, at, (first, second))


def _trial(
    spec: Sweep, at: Coordinates, arms: tuple[Network, ...], cell: Sequence[Network] = ()
) -> Trial:
    """Return the trial of a pair of a cell's arms, or of one: all that the spec measures of it."""
    if len(arms) == 2:
        key = spec.instability.of(arms).key
    else:
        key = content_key("trial", {"networks": [arm.key for arm in arms]})
    return Trial(key, at, arms, parts_of(spec.measure, arms, cell))
