"""Work on every image of a folder, by decoders that each take some files at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from trainables.data.images.decoders import starting
from trainables.data.images.listing import Files, Listing
from trainables.data.images.split_folders import TRAIN
from trainables.data.images.trees import join

TOGETHER = 32
"""Files that a decoder takes at a time."""

T = TypeVar("T")


def paths(listing: Listing) -> list[str]:
    """`<split>/<class>/<name>` of every image, below the address."""

    def of(split: str, files: Files) -> list[str]:
        split = join(listing.base, split)
        return [f"{split}/{label}/{name}" for label in files for name, _ in files[label]]

    return of(TRAIN, listing.train) + of(listing.test_folder, listing.test)


def over(work: Callable[[list[str]], list[T]], files: list[str], decoders: int) -> Iterator[T]:
    """Yield what `work` makes of each of them, in order; in this process where `decoders` is 0."""
    parts = [files[start : start + TOGETHER] for start in range(0, len(files), TOGETHER)]
    if not decoders:
        for part in parts:
            yield from work(part)
        return
    with starting() as context:
        pool = context.Pool(min(decoders, len(parts)), initializer=_alone)
    with pool:  # leaving ends the processes, whatever they do
        for done in pool.imap(work, parts):
            yield from done


def _alone() -> None:
    import signal

    import torch

    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
