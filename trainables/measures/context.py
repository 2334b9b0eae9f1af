"""What a measure sees beside the weights: data, networks that compute with weights, progress."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from trainables import networks
from trainables.data.split import Dataset
from trainables.measures.landscape import evaluating_plane
from trainables.measures.path import evaluating_path
from trainables.measures.recalibration import recalibrating
from trainables.planes import Plane, Point
from trainables.recipe import Recipe
from trainables.training.evaluation import Score, answering, chunk_of, evaluating
from trainables.training.team import ALONE, Team
from trainables.weights import Mask, Weights

T = TypeVar("T")

SplitName = Literal["test", "train"]


class Answers(NamedTuple):
    """What a network says of the examples of a split, in their order."""

    predicted: Tensor
    """[N], or [N, ...] as the labels are (int64): the class of the highest logit."""
    losses: Tensor
    """In the same shape (float32): cross-entropies in nats."""


@dataclass
class Context:
    """Handed to a measure's `compute`.

    In a team each worker computes the same; scores and answers share the examples among them.
    """

    recipe: Recipe
    data: Dataset[Any]
    """`test` and `train`. Of the latter a fixed sample, where the measure has an option
    `train_examples` and the spec sets it."""
    masks: Sequence[Mask | None]
    """Of each network: which weights are kept; None for a dense one."""
    training: Any = None
    """The train split whole, where `data` has a sample of it."""
    expected: float = 0.0
    """Examples times networks that will be evaluated, for the share that is done."""
    shard: tuple[int, int] = (0, 1)
    """Which part of the measurement this is, from 0, and of how many."""
    team: Team = ALONE
    decoders: int = 0
    """Processes that decode images which are not in memory."""
    tell: Callable[[float], None] = field(default=lambda share: None)
    _evaluated: float = field(default=0.0, init=False)

    def shard_of(self, points: Sequence[T]) -> Sequence[T]:
        """Return those of a grid's points of which this part of a measurement has the values.

        They are neighbours; all points where a measurement is not done in parts. A measure whose
        `Work` has a `grid` returns lists of values at these points alone, and NaN for a number that
        another part knows.
        """
        number, of = self.shard
        return points[len(points) * number // of : len(points) * (number + 1) // of]

    def network(self, weights: Weights) -> nn.Module:
        """Return the network with some weights, in `eval` mode, as a module of its own.

        It may share the weights' memory.
        """
        network = networks.build(self.recipe.architecture).eval()
        networks.bind(network, networks.channels_last(weights))
        return network.to(self.recipe.device)

    def split(self, name: SplitName) -> Any:
        """Return the test or the train split: `len`, `labels` [N] or [N, ...].

        See `trainables.data.split`.

        Raises ValueError where it is neither.
        """
        if name not in ("test", "train"):
            raise ValueError(f"there is no split {name!r}; allowed: test, train")
        return self.data.test if name == "test" else self.data.train

    def score(self, weights: Weights, split: SplitName) -> Score:
        """Return error (%) and mean cross-entropy (nats) of a network on a split."""
        network = self.network(weights)
        chunk = chunk_of(network, self.recipe.device)
        (score,) = self._evaluate(
            evaluating([lambda: network], self.split(split), chunk, self.team, self.decoders),
            len(self.split(split)),
        )
        return score

    def path(
        self,
        first: Weights,
        second: Weights,
        points: int,
        split: SplitName,
        statistics: Sequence[Weights] | None = None,
    ) -> list[Score]:
        """Return the scores at evenly spaced points from `second` (alpha 0) to `first` (alpha 1).

        LMC Algorithm 1; the ends are the networks themselves. Faster than a score for each point.
        `statistics` are BatchNorm's for each point (`recalibrated`), if they are not interpolated.
        """
        examples, what = self.split(split), self.recipe.architecture
        steps = evaluating_path(
            what, first, second, examples, points, self.team, self.decoders, statistics
        )
        return self._evaluate(steps, points * len(examples))

    def plane(
        self, plane: Plane, points: Sequence[Point], split: SplitName, examples: int | None = None
    ) -> list[Score]:
        """Return the scores at some points of a plane (`trainables.planes`), in their order.

        On a fixed sample of so many examples of a split; None: all. Faster than a score for each.
        """
        of = self.split(split).sample(examples)
        what = self.recipe.architecture
        steps = evaluating_plane(what, plane, points, of, self.team, self.decoders)
        return self._evaluate(steps, len(points) * len(of))

    def recalibrated(
        self, first: Weights, second: Weights, points: int, batches: int
    ) -> list[Weights]:
        """Return BatchNorm's running statistics for each point of such a path, recomputed.

        On so many batches of training examples, each as large as what BatchNorm sees at once in
        training (`trainables.measures.recalibration`). The ends keep theirs.
        """
        train = self.data.train if self.training is None else self.training
        size = self.recipe.batch_size // self.recipe.slices
        steps = recalibrating(
            self.recipe.architecture, first, second, train, points, batches, size, self.decoders
        )
        return self._evaluate(steps, (points - 2) * batches * self.recipe.batch_size)

    def answers(self, weights: Weights, split: SplitName) -> Answers:
        """Return what a network says of every example of a split."""
        network, examples = self.network(weights), self.split(split)
        chunk = chunk_of(network, self.recipe.device)
        steps = answering(network, examples, chunk, self.team, self.decoders)
        return Answers(*self._evaluate(steps, len(examples)))

    def progress(self, share: float) -> None:
        """Say what share of the measurement is done, in (0, 1]: for a measure that takes long.

        A run can be interrupted where this is called. Scores and answers call it by themselves.
        """
        self.tell(min(max(share, 0.0), 1.0))

    def _evaluate(self, steps: Generator[float, None, T], amount: float) -> T:
        """Drive an evaluation of so many examples times networks."""
        before = self._evaluated
        while True:
            try:
                share = next(steps)
            except StopIteration as end:
                self._evaluated = before + amount
                result: T = end.value
                return result
            self.progress((before + share * amount) / max(self.expected, before + amount))


def finite(weights: Weights) -> bool:
    """Whether no weight or running statistic is NaN or infinite."""
    return all(bool(torch.isfinite(value).all()) for value in weights.values())
