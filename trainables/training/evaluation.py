"""Error and loss of a network on a split."""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from trainables.data.split import Split
from trainables.networks.mlp import MLP

T = TypeVar("T")

MLP_CHUNK, CONVOLUTIONAL_CHUNK = 500, 64
"""Examples evaluated at once: larger temporaries leave the caches and cost twice (measured)."""


class Score(NamedTuple):
    error: float
    """% misclassified."""
    loss: float
    """Mean cross-entropy, nats."""


class Tally:
    """Counts over the chunks of a split."""

    def __init__(self) -> None:
        self.examples, self.wrong, self.loss = 0, 0, 0.0

    def add(self, logits: Tensor, labels: Tensor) -> None:
        """A prediction that is not finite is wrong, whatever its label."""
        # By hand: torch's cross_entropy alone takes as long as a small layer.
        top, predicted = logits.max(1)
        losses = (logits - top.unsqueeze(1)).exp_().sum(1).log_().add_(top)
        losses -= logits.gather(1, labels.unsqueeze(1)).squeeze(1)
        right = (predicted == labels).logical_and_(logits.sum(1).isfinite())
        size = len(labels)
        self.examples += size
        self.wrong += size - int(right.sum())
        self.loss += float(losses.sum())

    @property
    def score(self) -> Score:
        return Score(100 * self.wrong / self.examples, self.loss / self.examples)


def evaluate(network: nn.Module, split: Split, chunk: int | None = None) -> Score:
    """Score of a network in `eval` mode on a whole split."""
    return finish(evaluating(network, split, chunk))


def evaluating(
    network: nn.Module, split: Split, chunk: int | None = None
) -> Generator[None, None, Score]:
    """`evaluate` as an iterator's return value; it hands control back after each chunk."""
    if chunk is None:
        chunk = MLP_CHUNK if isinstance(network, MLP) else CONVOLUTIONAL_CHUNK
    tally = Tally()
    for start in range(0, len(split), chunk):
        with torch.inference_mode():  # not across a yield: it would hold outside, too
            logits = network(split.inputs(split.images[start : start + chunk]))
            tally.add(logits, split.labels[start : start + chunk])
        yield
    return tally.score


def finish(steps: Generator[None, None, T]) -> T:
    """The return value of an iterator."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
