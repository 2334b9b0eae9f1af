"""The images of a split, read, decoded and cropped in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from trainables.addresses import filesystem
from trainables.data.errors import DataError, one_line
from trainables.data.images.index import Index, Split, load
from trainables.data.images.trees import is_local, reading

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

READ_TOGETHER = 32
"""Files that are asked of a remote file system at once, so that its latency counts once."""


@dataclass(frozen=True)
class Source:
    """Where the images of a split lie. Small: it is sent to every process that reads them."""

    folder: str
    """The split's own, `<address>/train` say."""
    index: Path
    split: Split
    size: int
    """Side of what a network sees."""

    @cached_property
    def examples(self) -> Index:
        return load(self.index, self.split)

    def __getstate__(self) -> dict[str, Any]:
        # Without the index, which every process maps for itself.
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def images(
        self, examples: Sequence[int], order_seed: int | None = None, epoch: int = 0
    ) -> Tensor:
        """[B, size, size, 3] (uint8): with an order seed as training sees them, without as
        evaluation does. Raises DataError, which names the first image that cannot be read."""
        from trainables.data.images import crops, pixels

        out = torch.empty((len(examples), self.size, self.size, 3), dtype=torch.uint8)
        paths = [self.examples.path(example) for example in examples]
        for example, seen, (where, content) in zip(
            examples, out, fetched(self.folder, paths), strict=True
        ):
            if isinstance(content, DataError):
                raise content
            image = pixels.decode(content, where)
            if order_seed is None:
                seen.copy_(pixels.evaluation(image, self.size))
            else:
                draws = crops.Draws(order_seed, epoch, example)
                seen.copy_(pixels.training(image, self.size, draws))
        return out


def fetched(folder: str, paths: Sequence[str]) -> Iterator[tuple[str, bytes | DataError]]:
    """Full name and bytes of each file of a folder, or why it cannot be read."""
    fs, root = _filesystem(folder)
    if is_local(fs):
        for path in paths:
            where = f"{folder}/{path}"
            try:
                with open(f"{root}/{path}", "rb", buffering=0) as file:
                    yield where, file.read()
            except OSError as error:
                yield where, _unreadable(where, error)
        return
    for start in range(0, len(paths), READ_TOGETHER):
        some = paths[start : start + READ_TOGETHER]
        with reading(folder):
            # Unlike `cat`, which takes [ and ? in names for patterns.
            held = fs.cat_ranges([f"{root}/{path}" for path in some], None, None)
        for path, content in zip(some, held, strict=True):
            where = f"{folder}/{path}"
            yield where, content if isinstance(content, bytes) else _unreadable(where, content)


def _unreadable(where: str, error: Exception) -> DataError:
    return DataError(f"{where} cannot be read: {one_line(error)}")


@cache
def _filesystem(folder: str) -> tuple[AbstractFileSystem, str]:
    return filesystem(folder)
