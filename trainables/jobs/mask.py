"""The job of a mask: which weights a subnetwork keeps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from trainables.jobs.job import Job
from trainables.pruning.adaptive import Adaptive
from trainables.pruning.inputs import computed_with
from trainables.recipe import Recipe

if TYPE_CHECKING:
    from trainables.jobs.kinds import Training
    from trainables.jobs.threshold import Threshold


@dataclass(frozen=True, eq=False, kw_only=True)
class Mask(Job):
    """Which weights a subnetwork of pruning level `level` keeps.

    The recipe's method prunes a network by `rounds` levels at once. Of a trained network, iterative
    pruning takes one level at a time, one-shot takes all from the dense network; of W_k, a method
    takes all. `random-per-layer` draws from `seed` a random mask with the layer-wise proportions of
    another mask.

    With a `threshold`, one round prunes as much as it allows (Unmasking section 2.2). The manifest
    then says `ratio` (percent of the remaining weights that were pruned), `tried` (a list of ratio
    and highest loss) and `threshold` beside `weights_left`.
    """

    method: str
    of: Training | Mask
    rounds: int = 1
    seed: int | None = None
    threshold: Threshold | None = None
    adaptive: Adaptive | None = None
    """How losses along paths are measured, where there is a threshold."""

    @property
    def kind(self) -> str:
        return "mask"

    @property
    def task(self) -> str:
        return f"prune: {self.method}{', adaptively' if self.adaptive else ''}"

    @property
    def recipe(self) -> Recipe:
        return self.of.recipe

    @property
    def level(self) -> int:
        return self.of.level if isinstance(self.of, Mask) else self.of.level + self.rounds

    @property
    def inputs(self) -> tuple[Job, ...]:
        before = None if isinstance(self.of, Mask) else self.of.mask
        found = (self.of, before, self.threshold)
        return tuple(job for job in found if job is not None)

    def identity(self) -> dict[str, Any]:
        if isinstance(self.of, Mask):
            return {"like": self.of.key, "seed": self.seed}
        recipe = self.recipe.identity("pruning")
        recipe.pop("pruning", None)  # what it means here is in the network and the rounds
        identity = {"arm" if self.of.is_copy else "state": self.of.key, "recipe": recipe}
        if not self.of.is_copy:  # its key may not say all that scores are computed with
            identity |= {"computed": computed_with(self.recipe)}
        if self.threshold is not None and self.adaptive is not None:
            how = {"examples": self.adaptive.examples, "points": self.adaptive.points}
            identity |= {"threshold": self.threshold.key, "adaptive": {"version": 1, **how}}
        return identity if self.rounds == 1 else identity | {"rounds": self.rounds}

    @property
    def title(self) -> str:
        network, how = self.of, " adaptively" if self.adaptive else ""
        while isinstance(network, Mask):
            network, how = network.of, " randomly"
        k = network.begin if network.is_copy else network.until
        return f"prune{how} init {network.init_seed} k={k} to level {self.level}"


def pruned(network: Training, rounds: int = 1) -> Mask:
    """Return the job of the mask that a recipe's method leaves of a trained network, or of W_k."""
    return Mask(method=network.recipe.pruning_method, of=network, rounds=rounds)


def randomly_pruned(like: Mask, seed: int) -> Mask:
    """Return the job of a random mask with the layer-wise proportions of another one."""
    return Mask(method="random-per-layer", of=like, seed=seed)


def adaptively_pruned(network: Training, threshold: Threshold, adaptive: Adaptive) -> Mask:
    """Return the job of the mask that prunes as much of a trained network as a threshold allows."""
    return replace(pruned(network), threshold=threshold, adaptive=adaptive)
