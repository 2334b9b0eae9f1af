"""The networks that descend from one initialisation: which jobs lead to each of them.

Sharing happens here, by building each job once: one pretraining serves every rewind point, one IMP
chain per rewind point serves every level, and the training that IMP prunes after is the arm of the
order seed `imp_order`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from trainables import pruning
from trainables.jobs.kinds import (
    Mask,
    Perturbation,
    State,
    Strategy,
    Stream,
    Threshold,
    Training,
    adaptively_pruned,
    pretrained,
    pruned,
    randomly_pruned,
    trained,
)
from trainables.jobs.learning import Evaluation
from trainables.jobs.perturbation import Norm
from trainables.pruning.adaptive import Adaptive
from trainables.recipe import Recipe

Restart = Literal["keep", "reset"]
"""Whether training goes on at iteration k after copying, or starts over with the weights of W_k:
T iterations, with data order and schedule of iteration 0."""


@dataclass
class Lineage:
    """The jobs of one seed of initial weights, whose copies are made at some rewind points."""

    recipe: Recipe
    init_seed: int
    points: Iterable[int]
    """Every rewind point k that will be asked for, in iterations."""
    pretrain_order: int = 0
    """Order seed of the training from W_0 to W_k."""
    imp_order: int = 1
    """Order seed of the trainings that IMP prunes after."""
    evaluation: Evaluation | None = None
    """When networks are evaluated while they are trained."""
    independent: bool = False
    """Whether orders and augmentation also depend on `init_seed`; if not, those of one order seed
    are the same whatever the initial weights."""

    def __post_init__(self) -> None:
        self._states: dict[int, Training] = {}
        self._masks: dict[tuple[int, int], Mask] = {}
        self._adaptive: dict[tuple[int, int, Adaptive], Mask] = {}
        earlier: Training | None = None
        for k in sorted(self.points):
            earlier = self._states[k] = self._state(k, earlier)

    def state(self, k: int) -> Training:
        """Return the job of W_k. Raises KeyError unless k is one of the rewind points."""
        return self._states[k]

    def arm(
        self,
        strategy: Strategy,
        level: int,
        k: int,
        order: int,
        restart: Restart = "keep",
        options: Adaptive | Norm | None = None,
    ) -> Training:
        """Return the job of a subnetwork's copy that is trained from k to the end of training.

        The subnetwork is that of a strategy at a pruning level (dense: level 0), and `order` the
        order seed. Levels of `imp-adaptive` count prunings. `perturbed` is dense; its level is that
        of the mask whose projection says how far W_k is moved (Unmasking appendix D). `options` are
        the strategy's, if it has any: `Adaptive()` and "rewound" where they are None.

        With `restart` "reset" it is trained from iteration 0 on, whatever k, so that all are
        trained for as long (LMC Figure 4). Raises KeyError unless k is one of the rewind points.
        """
        start: State = self.state(k)
        mask: Mask | None = None
        match strategy:
            case "dense":
                pass
            case "imp-adaptive":
                how = options if isinstance(options, Adaptive) else Adaptive()
                mask = self.adaptive_mask(level, k, how)
            case "perturbed":
                start = self._perturbation(level, k, options == "trained")
            case _:
                mask = self.mask(level, k)
        if strategy == "random-pruning":
            assert mask is not None
            mask = randomly_pruned(mask, self.init_seed)
        if strategy == "random-reinit":
            start = self._state(0, stream="reinit")
        if strategy == "pruned":
            strategy = self.recipe.pruning_method  # as results name it
        return trained(start, k if restart == "keep" else 0, order, mask, strategy)

    def mask(self, level: int, k: int) -> Mask:
        """Return the job of the mask that pruning leads to at a level (LMC Algorithm 2)."""
        if (level, k) not in self._masks and pruning.when(self.recipe) == "start":
            self._masks[level, k] = pruned(self.state(k), level)
        if (level, k) not in self._masks:
            rounds = level if self.recipe.pruning == "one-shot" else 1
            before = self.mask(level - rounds, k) if level > rounds else None
            arm = trained(self.state(k), k, self.imp_order, before)
            self._masks[level, k] = pruned(arm, rounds)
        return self._masks[level, k]

    def adaptive_mask(self, n: int, k: int, options: Adaptive) -> Mask:
        """Return the job of the mask after n >= 1 adaptive prunings (Unmasking section 2.2).

        The threshold is that of the dense copy of the order seed `imp_order`, whatever n.
        """
        if (n, k, options) not in self._adaptive:
            before = self.adaptive_mask(n - 1, k, options) if n > 1 else None
            dense = trained(self.state(k), k, self.imp_order)
            solution = dense
            if before is not None:
                solution = trained(self.state(k), k, self.imp_order, before, "imp-adaptive")
            threshold = Threshold(of=dense, loss=options.loss)
            self._adaptive[n, k, options] = adaptively_pruned(solution, threshold, options)
        return self._adaptive[n, k, options]

    def _perturbation(self, level: int, k: int, by_trained: bool) -> Perturbation:
        dense = trained(self.state(k), k, self.imp_order) if by_trained else None
        return Perturbation(state=self.state(k), mask=self.mask(level, k), dense=dense)

    def _state(self, k: int, earlier: Training | None = None, stream: Stream = "init") -> Training:
        seed, order = self.init_seed, self.pretrain_order
        return pretrained(
            *(self.recipe, seed, order, k, earlier, stream, self.evaluation),
            independent=self.independent,
        )
