"""How large a sweep is, counted from its lists before anything is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeps.spec.fields import error_at
from sweeps.spec.searches import levels_of
from sweeps.spec.subnetworks import Files, ImpAdaptive
from trainables import pruning

if TYPE_CHECKING:
    from sweeps.spec.sweep import Sweep

MAX_JOBS = 1_000_000
"""Jobs of a sweep. Planning 350,000 takes 24 s and 0.3 GB, and recording their 99,000 trials 2 h
(docs/explanation/scaling.md): what is far beyond is a slip, or better several sweeps."""


def check(spec: Sweep) -> None:
    """Raise an error where a sweep has too many jobs."""
    trials, jobs = spec.size
    if jobs > MAX_JOBS:
        raise error_at(
            (),
            f"these lists make {trials:,} trials of {jobs:,} jobs; a sweep has at most "
            f"{MAX_JOBS:,} jobs: use fewer inits, orders, levels or rewind points, or several "
            "sweeps",
        )


def of(spec: Sweep) -> tuple[int, int]:
    """Return the numbers of trials and of jobs.

    Cells that are listed twice count twice, and trainings that IMP shares with an arm as two.
    """
    orders = len(spec.orders)
    pairs = orders * (orders - 1) // 2 or orders
    pretrained: set[int] = set()
    deepest: dict[int, int] = {}
    adaptive: dict[int, int] = {}
    trials = jobs = 0
    for subnetwork in spec.subnetworks:
        if isinstance(subnetwork, Files):
            continue
        points = spec.rewind_of(subnetwork)
        ways = sum(len(spec.restarts_at(k)) for k in points)
        levels = levels_of(subnetwork)
        cells = ways * len(levels)
        trials += cells * pairs
        # Of a cell: its arms, measurements, a random mask, weights reinitialised or perturbed.
        measured = sum(pairs if one.arity == 2 else orders for one in spec.measure)
        jobs += cells * (orders + measured + 2)
        pretrained.update(points)
        chains = adaptive if isinstance(subnetwork, ImpAdaptive) else deepest
        for k in points:
            chains[k] = max(chains.get(k, 0), *levels)
    # Of a level: its mask, and the training before that, if there is one.
    each = 1 if pruning.when(spec.recipe) == "start" else 2
    jobs += len(pretrained) + each * sum(deepest.values())
    jobs += sum(2 * levels + 2 for levels in adaptive.values())  # a threshold, a dense training
    files = [one for one in spec.subnetworks if isinstance(one, Files)]
    pairs = sum(one.pairs for one in files)
    networks = sum(len(one.networks) for one in files)
    measured = networks + len(spec.measure) * max(pairs, networks)
    return len(spec.inits) * trials + pairs, len(spec.inits) * jobs + measured
