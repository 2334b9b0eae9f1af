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
    each batch of its last complete epoch; `loss`, their mean; `eps`, their sample standard
    deviation, 0 of one batch; and `threshold`, the sum of both. Its manifest says the last three,
    too.
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
        """The iterations of the last complete pass over the training examples.

        Where training ends within an epoch, that is the epoch before. The last iterations instead
        would miss some examples and have others twice: on digits their mean loss is a quarter off
        that of all examples. Where the copy is trained for no complete pass, these are the last
        iterations, at most as many as a pass has.
        """
        of, begin, until = self.recipe, self.of.begin, self.of.until
        length = data.iterations_per_epoch(of.data, of.batch_size, of.last_batch)
        end = until // length * length
        if end - length >= begin:
            return range(end - length, end)
        return range(max(until - length, begin), until)

    def identity(self) -> dict[str, Any]:
        return {"version": 1, "arm": self.of.key, "loss": self.loss}

    @property
    def iterations(self) -> int:
        """SGD steps: for `trained`, those before the last batch whose loss is wanted."""
        return self.last_epoch[-1] - self.of.begin if self.loss == "trained" else 0

    @property
    def title(self) -> str:
        return f"threshold of {self.loss} losses init {self.of.init_seed} {self.of.copied}"
