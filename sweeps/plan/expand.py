"""Expanding a spec into trials and jobs; sharing happens here, by building each job once.

One pretraining serves every rewind point of an init; one IMP chain per (init, k) serves every
level; an arm serves every pair it is in; the training that IMP prunes after is the arm of the
order seed `imp_order`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from sweeps.plan.graph import Part, Plan, Trial
from sweeps.spec import Sweep
from trainables.jobs.kinds import (
    Mask,
    Strategy,
    Stream,
    Training,
    pretrained,
    pruned,
    randomly_pruned,
    trained,
)


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
        _trial(spec, pair)
        for strategy, level, k in sorted(cells)
        for builder in builders.values()
        for pair in combinations(builder.arms(strategy, level, k), 2)
    ]
    return Plan(spec, tuple(trials))


def _trial(spec: Sweep, pair: tuple[Training, Training]) -> Trial:
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


@dataclass
class _Builder:
    """The jobs of one init."""

    spec: Sweep
    init_seed: int
    points: list[int]

    def __post_init__(self) -> None:
        self._states: dict[int, Training] = {}
        self._masks: dict[tuple[int, int], Mask] = {}
        earlier: Training | None = None
        for k in self.points:
            earlier = self._state(k, earlier)
            self._states[k] = earlier

    def _state(self, k: int, earlier: Training | None = None, stream: Stream = "init") -> Training:
        spec = self.spec
        return pretrained(spec.recipe, self.init_seed, spec.pretrain_order, k, earlier, stream)

    def arms(self, strategy: Strategy, level: int, k: int) -> list[Training]:
        """One arm per order seed, ascending."""
        start = self._states[k]
        mask = None if strategy == "dense" else self._imp_mask(level, k)
        if strategy == "random-pruning":
            assert mask is not None
            mask = randomly_pruned(mask, self.init_seed)
        if strategy == "random-reinit":
            start = self._state(0, stream="reinit")
        return [trained(start, k, order, mask, strategy) for order in sorted(self.spec.orders)]

    def _imp_mask(self, level: int, k: int) -> Mask:
        if (level, k) not in self._masks:
            rounds = level if self.spec.recipe.pruning == "one-shot" else 1
            before = self._imp_mask(level - rounds, k) if level > rounds else None
            arm = trained(self._states[k], k, self.spec.imp_order, before)
            self._masks[level, k] = pruned(arm, rounds)
        return self._masks[level, k]
