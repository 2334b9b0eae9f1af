"""Expanding a spec into trials and jobs; sharing happens here, by building each job once.

One pretraining serves every rewind point of an init; one IMP chain per (init, k) serves every
level; an arm serves every pair it is in; the training that IMP prunes after is the arm of the
order seed `imp_order`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from sweeps.plan.graph import Plan, Trial
from sweeps.spec import Sweep
from trainables.jobs.kinds import Arm, ImpMask, Instability, RandomMask, State


def expand(spec: Sweep) -> Plan:
    """The plan of a spec. Its keys do not depend on the order of the spec's lists."""
    points = {k for subnetwork in spec.subnetworks for k in spec.rewind_of(subnetwork)}
    builders = {seed: _Builder(spec, seed, sorted(points)) for seed in sorted(spec.inits)}
    cells = {
        (subnetwork.strategy, level, k)
        for subnetwork in spec.subnetworks
        for level in subnetwork.levels
        for k in spec.rewind_of(subnetwork)
    }
    trials = [
        Trial(strategy, Instability(*arms, spec.path_points, spec.train_examples))
        for strategy, level, k in sorted(cells)
        for builder in builders.values()
        for arms in combinations(builder.arms(strategy, level, k), 2)
    ]
    return Plan(spec, tuple(trials))


@dataclass
class _Builder:
    """The jobs of one init."""

    spec: Sweep
    init_seed: int
    points: list[int]

    def __post_init__(self) -> None:
        self._states: dict[int, State] = {}
        self._masks: dict[tuple[int, int], ImpMask] = {}
        earlier: State | None = None
        for k in self.points:
            earlier = State(self.spec.recipe, self.init_seed, self.spec.pretrain_order, k, earlier)
            self._states[k] = earlier

    def arms(self, strategy: str, level: int, k: int) -> list[Arm]:
        """One arm an order seed, ascending."""
        start = self._states[k]
        mask: ImpMask | RandomMask | None = None
        if strategy != "dense":
            mask = self._imp_mask(level, k)
        if strategy == "random-pruning":
            assert isinstance(mask, ImpMask)
            mask = RandomMask(mask, self.init_seed)
        if strategy == "random-reinit":
            start = State(
                self.spec.recipe, self.init_seed, self.spec.pretrain_order, 0, None, "reinit"
            )
        return [Arm(start, k, order, mask) for order in sorted(self.spec.orders)]

    def _imp_mask(self, level: int, k: int) -> ImpMask:
        if (level, k) not in self._masks:
            rounds = level if self.spec.recipe.pruning == "one-shot" else 1
            before = self._imp_mask(level - rounds, k) if level > rounds else None
            arm = Arm(self._states[k], k, self.spec.imp_order, before)
            self._masks[level, k] = ImpMask(arm, rounds)
        return self._masks[level, k]
