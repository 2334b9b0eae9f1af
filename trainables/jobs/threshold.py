"""The job of a threshold: up to which training loss adaptive pruning may go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trainables import data
from trainables.jobs.job import Job
from trainables.pruning.adaptive import Loss
from trainables.recipe import Recipe

if TYPE_CHECKING:
    from trainables.jobs.kinds import Training


@dataclass(frozen=True, eq=False, kw_only=True)
class Threshold(Job):
    """The dense training loss and its deviation over batches (Unmasking section 2.2, step 1).

    `of` is the trained dense copy. Its artifact is JSON: `losses`, the mean cross-entropy (nats) of
    each batch of its last epoch; `loss`, their mean; `eps`, their sample standard deviation, 0 of
    one batch; and `threshold`, the sum of both. Its manifest says the last three, too.
    """

    of: Training
    loss: Loss = "evaluated"
    """`evaluated`: with the final weights, in `eval` mode. `trained`: as the losses occurred, in
    `train` mode, with the weights before each step; for that the copy is trained again."""

    @property
    def kind(self) -> str:
        return "threshold"

    @property
    def task(self) -> str:
        return "find: loss threshold"

    @property
    def recipe(self) -> Recipe:
        return self.of.recipe

    @property
    def inputs(self) -> tuple[Job, ...]:
        if self.loss == "trained":
            return self.of.inputs
        return (self.of,) if self.of.mask is None else (self.of, self.of.mask)

    @property
    def last_epoch(self) -> range:
        """The iterations of the last epoch: the last ones of training, as many as an epoch has.

        They span two permutations where training does not end with an epoch. All iterations, where
        the copy is trained for less than an epoch.
        """
        of = self.recipe
        number = data.iterations_per_epoch(of.data, of.batch_size, of.last_batch)
        return range(max(self.of.until - number, self.of.begin), self.of.until)

    def identity(self) -> dict[str, Any]:
        return {"version": 1, "arm": self.of.key, "loss": self.loss}

    @property
    def iterations(self) -> int:
        """SGD steps: for `trained`, up to the last batch, after which no step is needed."""
        return self.of.iterations - 1 if self.loss == "trained" else 0

    @property
    def title(self) -> str:
        return f"threshold of {self.loss} losses init {self.of.init_seed} {self.of.copied}"
