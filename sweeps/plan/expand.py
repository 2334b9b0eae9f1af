"""Expanding a spec into trials and jobs."""

from __future__ import annotations

from itertools import combinations

from sweeps.plan.graph import Part, Plan, Trial
from sweeps.spec import Sweep
from trainables.jobs.kinds import Training
from trainables.jobs.lineage import Lineage


def expand(spec: Sweep) -> Plan:
    """The plan of a spec. Its keys do not depend on the order of the spec's lists."""
    points = {k for subnetwork in spec.subnetworks for k in spec.rewind_of(subnetwork)}
    lineages = [
        Lineage(spec.recipe, seed, points, spec.pretrain_order, spec.imp_order, spec.evaluation)
        for seed in sorted(spec.inits)
    ]
    cells = {
        (subnetwork.strategy, level, k)
        for subnetwork in spec.subnetworks
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
    return Plan(spec, tuple(trials))


def trial_of(spec: Sweep, pair: tuple[Training, Training]) -> Trial:
    """Return the trial of a pair of arms: everything that the spec measures of it."""
    identity = spec.instability.of(pair)
    parts: list[Part] = []
    for wanted in spec.measure:
        if wanted is spec.instability:
            parts.append(Part(wanted, identity))
        elif wanted.arity == 2:
            parts.append(Part(wanted, wanted.of(pair)))
        else:
            parts += (Part(wanted, wanted.of([arm]), n) for n, arm in enumerate(pair, 1))
    return Trial(identity.key, pair, tuple(parts))
