"""Data order: which examples an iteration sees. With augmentation, it is the SGD noise u."""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.seeds import generator


class DataOrder:
    """The batches of one order seed, at any iteration, in any order of asking.

    An epoch is a permutation drawn from its own stream, so a training can start or resume in
    the middle of an epoch, and nothing depends on which process asks.
    """

    def __init__(
        self,
        examples: int,
        batch_size: int,
        seed: int,
        *,
        keep_last: bool = True,
        device: torch.device | str = "cpu",
    ):
        self.examples = examples
        self.batch_size = batch_size
        self.seed = seed
        self.device = device
        full, rest = divmod(examples, batch_size)
        self.iterations_per_epoch = full + (rest > 0 and keep_last)
        self.epoch = -1
        """Of the batch that was asked for last."""
        self._batches: tuple[Tensor, ...] = ()

    def size(self, iteration: int) -> int:
        """Return how many examples an iteration has."""
        first = iteration % self.iterations_per_epoch * self.batch_size
        return min(self.batch_size, self.examples - first)

    def batch(self, iteration: int) -> Tensor:
        """Indices [B] of the examples of an iteration, on the device; B is smaller in an epoch's
        kept rest."""
        epoch, position = divmod(iteration, self.iterations_per_epoch)
        if epoch != self.epoch:
            stream = generator("order", self.seed, epoch)
            permutation = torch.randperm(self.examples, generator=stream)
            self.epoch = epoch
            self._batches = permutation.to(self.device).split(self.batch_size)
        return self._batches[position]
