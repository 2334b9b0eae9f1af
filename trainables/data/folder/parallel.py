"""Work on every image of a folder, by processes that each take some files at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from trainables.data.folder.listing import Files, Listing
from trainables.data.folder.workers import starting
from trainables.data.split_folders import TRAIN
from trainables.data.trees import join

TOGETHER = 32
"""Files that a process takes at a time."""

T = TypeVar("T")


def paths(listing: Listing) -> list[str]:
    """`<split>/<class>/<name>` of every image, below the address."""

    def of(split: str, files: Files) -> list[str]:
        split = join(listing.base, split)
        return [f"{split}/{label}/{name}" for label in files for name, _ in files[label]]

    return of(TRAIN, listing.train) + of(listing.test_folder, listing.test)


def over(work: Callable[[list[str]], list[T]], files: list[str], processes: int) -> Iterator[T]:
    """What `work` makes of each of them, in order; in this process where `processes` is 0."""
    parts = [files[start : start + TOGETHER] for start in range(0, len(files), TOGETHER)]
    if not processes:
        for part in parts:
            yield from work(part)
        return
    with starting() as context:
        pool = context.Pool(min(processes, len(parts)), initializer=_alone)
    with pool:  # leaving ends the processes, whatever they do
        for done in pool.imap(work, parts):
            yield from done


def _alone() -> None:
    import signal

    import torch

    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
