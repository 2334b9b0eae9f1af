"""Examples that are read, decoded and cropped as they are needed, in processes of their own.

The counterpart of `trainables.data.split.Split` for images too many for memory. What an example
looks like depends on the order seed, the epoch and the example alone: not on its batch, on the
number of decoders or on which of them reads it.
"""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from trainables.data.errors import DataError, one_line
from trainables.data.images.decoders import starting
from trainables.data.images.reading import Source
from trainables.data.split import Scaling, sampled, scaled

TOGETHER = 32
"""Examples that a decoder makes at a time: a batch comes from all of them, and little is held
ready."""

AHEAD = 4
"""Prefetch depth: how many parts each decoder may be ahead."""

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's training images in [0, 1], of each channel: as everybody has them."""


class Request(NamedTuple):
    """A batch that is wanted."""

    indices: Tensor
    """[B], of examples of the `Streamed`."""
    order_seed: int | None = None
    """That of a training, whose crops and flips are drawn from it; None for the centre crop."""
    epoch: int = 0


@dataclass(frozen=True)
class Streamed:
    """Images in a folder, with their labels [N] (int64), which are in memory."""

    source: Source
    labels: Tensor
    scaling: Scaling
    examples: Tensor | None = None
    """[N]: which of the source's these are; all where it is None."""
    device: str = "cpu"
    """Where batches come out."""

    def __len__(self) -> int:
        return len(self.labels)

    def sample(self, number: int | None) -> Streamed:
        """A fixed random choice of so many examples; all where it is None. As `Split.sample`."""
        return self if number is None else self.select(sampled(len(self), number))

    def select(self, indices: Tensor) -> Streamed:
        """Some examples, in this order. Each looks as it did: crops go by the source's numbers."""
        indices = indices.cpu()
        examples = indices if self.examples is None else self.examples[indices]
        return replace(self, labels=self.labels[indices], examples=examples)

    def to(self, device: str) -> Streamed:
        """Batches and scaling on a device. Labels stay, so that an order is drawn on the CPU."""
        return replace(self, scaling=self.scaling.to(device), device=device)

    def inputs(self, images: Tensor) -> Tensor:
        """Images of a batch as inputs [B, C, H, W] in channels-last memory."""
        return scaled(images, self.scaling)

    def batches(
        self, requests: Iterable[Request], decoders: int
    ) -> Generator[tuple[Tensor, Tensor]]:
        """Images [B, H, W, C] (uint8) and labels [B] of each request, in order, on the device.

        So many `decoders`, processes of their own, read ahead; none where it is 0. Closing the
        generator ends them. Requests may be endless: few are taken ahead. Raises DataError, which
        names an image that cannot be read.
        """
        wanted: deque[Request] = deque()
        parts = self._parts(requests, wanted)
        made = self._by_decoders(parts, decoders) if decoders else map(self._part, parts)
        try:
            for images in made:
                request = wanted[0]
                yield self._batch(request, images, made)
                wanted.popleft()
        finally:
            if isinstance(made, Generator):
                made.close()

    def _parts(self, requests: Iterable[Request], wanted: deque[Request]) -> Iterator[Part]:
        """Yield what a decoder does at a time; whose part it is goes to `wanted`."""
        for request in requests:
            indices = request.indices.cpu()
            examples = indices if self.examples is None else self.examples[indices]
            wanted.append(request._replace(indices=indices))
            for some in examples.split(TOGETHER):
                yield Part(some.tolist(), request.order_seed, request.epoch)

    def _part(self, part: Part) -> Tensor:
        return self.source.images(*part)

    def _batch(
        self, request: Request, first: Tensor, rest: Iterator[Tensor]
    ) -> tuple[Tensor, Tensor]:
        number = len(request.indices)
        cuda = torch.device(self.device).type == "cuda"
        # Pinned memory, so that the copy to the device waits for nothing; torch keeps it for reuse.
        images = torch.empty((number, *first.shape[1:]), dtype=torch.uint8, pin_memory=cuda)
        filled = 0
        part = first
        while True:
            images[filled : filled + len(part)] = part
            filled += len(part)
            if filled == number:
                break
            part = next(rest)
        labels = self.labels[request.indices]
        return (
            images.to(self.device, non_blocking=True),
            (labels.pin_memory() if cuda else labels).to(self.device, non_blocking=True),
        )

    def _by_decoders(self, parts: Iterator[Part], decoders: int) -> Generator[Tensor]:
        with starting() as context, warnings.catch_warnings():
            # More decoders than cores are the caller's wish.
            warnings.filterwarnings("ignore", "This DataLoader will create")
            loader = DataLoader(
                _Parts(self.source),
                batch_size=None,
                sampler=parts,
                num_workers=decoders,
                prefetch_factor=AHEAD,
                multiprocessing_context=context,
                generator=torch.Generator(),  # a draw of torch's own would move the global stream
                collate_fn=_as_it_is,
            )
            made: Any = iter(loader)
        try:
            while True:
                try:
                    part = next(made)
                except StopIteration:
                    return
                except RuntimeError as error:
                    raise DataError(
                        f"a process that decodes images has ended: {one_line(error)}"
                    ) from None
                if isinstance(part, DataError):
                    raise part
                yield part
        finally:
            made._shutdown_workers()  # now, whoever else holds the loader


class Part(NamedTuple):
    examples: list[int]
    order_seed: int | None
    epoch: int


class _Parts(Dataset[Any]):
    """What runs in the decoders. An error is handed back: raised there, it would be of many
    lines."""

    def __init__(self, source: Source):
        self.source = source

    def __getitem__(self, part: Part) -> Tensor | DataError:
        try:
            return self.source.images(*part)
        except DataError as error:
            return error


def _as_it_is(part: Any) -> Any:
    return part
