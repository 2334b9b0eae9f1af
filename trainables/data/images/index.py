"""A listing as a file: every example's path, mapped into memory, not read.

All processes of a machine share its pages. Names lie in one blob, so that 1.28 million of them are
no Python objects.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import safetensors
from numpy.typing import NDArray

from trainables.data.caches import writing
from trainables.data.images.listing import Files, Listing

if TYPE_CHECKING:
    from torch import Tensor

Split = Literal["train", "test"]


def write(path: Path, listing: Listing) -> None:
    """Complete or absent. Raises DataError where it cannot be written."""
    from safetensors.numpy import save_file

    tensors = {
        f"{split}_{name}": array
        for split, files in (("train", listing.train), ("test", listing.test))
        for name, array in _arrays(files).items()
    }
    folders = {"classes": json.dumps(list(listing.train))}
    if list(listing.test) != list(listing.train):
        folders["test_classes"] = json.dumps(list(listing.test))
    with writing(path) as partial:
        save_file(tensors, partial, metadata=folders)


def _arrays(files: Files) -> dict[str, NDArray[np.uint8] | NDArray[np.int64]]:
    names = [os.fsencode(name) for images in files.values() for name, _ in images]
    return {
        "names": np.frombuffer(b"".join(names), np.uint8),
        "ends": np.cumsum([len(name) for name in names], dtype=np.int64),
        "counts": np.array([len(images) for images in files.values()], np.int64),
    }


@dataclass(frozen=True)
class Index:
    """The examples of a split, sorted by class and name."""

    classes: list[str]
    """Folder of each class; another split's may spell é in another way."""
    names: NDArray[np.uint8]
    """All names, one after another."""
    ends: NDArray[np.int64]
    """[N]: where each name ends."""
    class_ends: NDArray[np.int64]
    """[classes]: the example after the last of each class."""

    def __len__(self) -> int:
        return len(self.ends)

    @property
    def labels(self) -> Tensor:
        """[N], int64."""
        import torch

        counts = torch.from_numpy(np.diff(self.class_ends, prepend=0))
        return torch.repeat_interleave(torch.arange(len(counts)), counts)

    def path(self, example: int) -> str:
        """`<class>/<name>` of an example."""
        begin = int(self.ends[example - 1]) if example else 0
        name = os.fsdecode(self.names[begin : int(self.ends[example])].tobytes())
        label = int(np.searchsorted(self.class_ends, example, side="right"))
        return f"{self.classes[label]}/{name}"


def load(path: Path, split: Split) -> Index:
    """Raises OSError or SafetensorError where there is no whole file."""
    with safetensors.safe_open(path, "pt") as file:  # torch's tensors are maps; numpy's, copies
        names, ends, counts = (
            file.get_tensor(f"{split}_{name}").numpy() for name in ("names", "ends", "counts")
        )
        folders = file.metadata()
    classes = json.loads(folders.get(f"{split}_classes", folders["classes"]))
    return Index(classes, names, ends, np.cumsum(counts))
