"""The job of W_k moved in a random direction, as far as pruning would move it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from trainables.jobs.job import Job
from trainables.recipe import Recipe

if TYPE_CHECKING:
    from trainables.jobs.kinds import Training
    from trainables.jobs.learning import Evaluation
    from trainables.jobs.mask import Mask

Norm = Literal["rewound", "trained"]
"""Of which weights' pruned part: those of W_k, or those of the trained dense network."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Perturbation(Job):
    """A W_k to start from that was perturbed (Unmasking appendix D).

    Its prunable weights are moved by the norm of what `mask` prunes, in a random direction that
    depends on the seed of initial weights and the mask's level. Its artifact is that of a state:
    weights, and the optimizer's state of W_k as it was.
    """

    state: Training
    """W_k."""
    mask: Mask
    dense: Training | None = None
    """The trained dense network, of whose weights the norm is; None: of those of W_k."""

    @property
    def kind(self) -> str:
        return "perturbation"

    @property
    def task(self) -> str:
        return "perturb: W_k"

    @property
    def recipe(self) -> Recipe:
        return self.state.of

    @property
    def inputs(self) -> tuple[Job, ...]:
        return tuple(job for job in (self.state, self.mask, self.dense) if job is not None)

    def identity(self) -> dict[str, Any]:
        dense = self.dense.key if self.dense else None
        return {"version": 1, "state": self.state.key, "mask": self.mask.key, "dense": dense}

    @property
    def title(self) -> str:
        return f"perturb init {self.init_seed} k={self.until} as {self.subnetwork}"

    @property
    def level(self) -> int:
        return self.mask.level

    @property
    def subnetwork(self) -> str:
        """What is trained from it, in words."""
        return f"perturbed level {self.level}"

    # What a copy takes from where it starts, as from a `Training`.

    @property
    def of(self) -> Recipe:
        return self.state.of

    @property
    def init_seed(self) -> int:
        return self.state.init_seed

    @property
    def until(self) -> int:
        return self.state.until

    @property
    def independent(self) -> bool:
        return self.state.independent

    @property
    def evaluation(self) -> Evaluation | None:
        return self.state.evaluation
