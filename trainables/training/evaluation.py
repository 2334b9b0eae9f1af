"""Error and loss of a network on a split."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from trainables.data.split import Split
from trainables.networks.mlp import MLP

MLP_CHUNK, CONVOLUTIONAL_CHUNK = 1000, 64
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
        right = (logits.argmax(1) == labels) & logits.isfinite().all(1)
        self.examples += len(labels)
        self.wrong += len(labels) - int(right.sum())
        self.loss += float(cross_entropy(logits, labels, reduction="sum"))

    @property
    def score(self) -> Score:
        return Score(100 * self.wrong / self.examples, self.loss / self.examples)


@torch.inference_mode()
def evaluate(network: nn.Module, split: Split, chunk: int | None = None) -> Score:
    """Score of a network in `eval` mode on a whole split."""
    if chunk is None:
        chunk = MLP_CHUNK if isinstance(network, MLP) else CONVOLUTIONAL_CHUNK
    tally = Tally()
    for start in range(0, len(split), chunk):
        logits = network(split.inputs(split.images[start : start + chunk]))
        tally.add(logits, split.labels[start : start + chunk])
    return tally.score
