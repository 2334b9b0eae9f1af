"""Expanding a spec into trials and jobs."""

from __future__ import annotations

from itertools import combinations

from sweeps.plan.graph import Plan, Trial
from sweeps.spec import Sweep
from sweeps.spec.subnetworks import Files
from trainables.jobs.kinds import Network
from trainables.jobs.lineage import Lineage
from trainables.measures.parts import parts_of


def expand(spec: Sweep) -> Plan:
    """The plan of a spec. Its keys do not depend on the order of the spec's lists."""
    files = [one for one in spec.subnetworks if isinstance(one, Files)]
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
        (subnetwork.strategy, level, k)
        for subnetwork in trained
        for level in subnetwork.levels
        for k in spec.rewind_of(subnetwork)
    }
    orders = sorted(spec.orders)
    trials = [
        trial_of(spec, pair)
        for strategy, level, k in sorted(cells)
        for lineage in lineages
        for pair in combinations([lineage.arm(strategy, level, k, o) for o in orders], 2)
    ]
    given = [pair for one in files for pair in combinations(one.jobs(spec.recipe), 2)]
    return Plan(spec, (*trials, *(trial_of(spec, pair) for pair in given)))


def trial_of(spec: Sweep, pair: tuple[Network, Network]) -> Trial:
    """Return the trial of a pair of arms: everything that the spec measures of it."""
    return Trial(spec.instability.of(pair).key, pair, parts_of(spec.measure, pair))
