"""What a training computes with at each iteration: a slice's inputs and labels.

The data order and what augmentation does to an example depend on the order seed, the iteration
and the example, never on which worker asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from torch import Tensor

from trainables.data.split import Split
from trainables.data.streamed import Request, Streamed
from trainables.recipe import Recipe
from trainables.training.augmentation import augmentation
from trainables.training.order import DataOrder
from trainables.training.slices import bounds
from trainables.training.team import Team


class Feed(Protocol):
    def __call__(self, iteration: int, part: int) -> tuple[Tensor, Tensor, float]:
        """Return inputs [B, ...] and labels [B] of a slice of an iteration's batch, and its share.

        The share is that of the batch's examples.
        """

    def close(self) -> None:
        """Stop reading ahead: no more is asked for."""


def data_order(recipe: Recipe, data: Split | Streamed, order_seed: int) -> DataOrder:
    return DataOrder(
        len(data),
        recipe.batch_size,
        order_seed,
        keep_last=recipe.last_batch == "keep",
        device=data.labels.device,
    )


def from_memory(recipe: Recipe, data: Split, order_seed: int) -> Feed:
    return _Memory(recipe, data, order_seed)


def from_files(
    recipe: Recipe,
    data: Streamed,
    order_seed: int,
    iterations: range,
    team: Team,
    decoders: int,
) -> Feed:
    """For these iterations in order, and of each the slices of this worker in order: both known
    ahead, so that images are read ahead."""
    order = data_order(recipe, data, order_seed)
    parts = team.share(recipe.slices)
    return _Files(data, order, recipe.slices, iterations, parts, decoders)


def feeding(
    recipe: Recipe,
    data: Split | Streamed,
    order_seed: int,
    iterations: range,
    team: Team,
    decoders: int,
) -> Feed:
    """Return what a training under an order seed computes with at these iterations, in order.

    Of images in files, so many `decoders` read ahead.
    """
    if isinstance(data, Split):
        return from_memory(recipe, data, order_seed)
    return from_files(recipe, data, order_seed, iterations, team, decoders)


class _Memory:
    def __init__(self, recipe: Recipe, data: Split, order_seed: int):
        self._data, self._slices = data, recipe.slices
        self._order = data_order(recipe, data, order_seed)
        self._augment = augmentation(recipe, len(data), order_seed)

    def __call__(self, iteration: int, part: int) -> tuple[Tensor, Tensor, float]:
        batch, share = self._order.batch(iteration), 1.0
        if self._slices > 1:
            first, last = bounds(len(batch), self._slices)[part]
            batch, share = batch[first:last], (last - first) / len(batch)
        images = self._augment(self._data.images.index_select(0, batch), batch, self._order.epoch)
        return self._data.inputs(images), self._data.labels.index_select(0, batch), share

    def close(self) -> None:
        pass


class _Files:
    def __init__(
        self,
        data: Streamed,
        order: DataOrder,
        slices: int,
        iterations: range,
        parts: range,
        decoders: int,
    ):
        self._data, self._order, self._slices = data, order, slices
        self._iterations, self._parts = iterations, parts
        self._batches = data.batches(self._requests(), decoders)

    def _requests(self) -> Iterator[Request]:
        for iteration in self._iterations:
            batch = self._order.batch(iteration)
            for part in self._parts:
                first, last = bounds(len(batch), self._slices)[part]
                if first < last:
                    yield Request(batch[first:last], self._order.seed, self._order.epoch)

    def __call__(self, iteration: int, part: int) -> tuple[Tensor, Tensor, float]:
        examples = self._order.size(iteration)
        first, last = bounds(examples, self._slices)[part]
        if first == last:
            return self._data.labels[:0], self._data.labels[:0], 0.0
        images, labels = next(self._batches)
        return self._data.inputs(images), labels, (last - first) / examples

    def close(self) -> None:
        self._batches.close()
