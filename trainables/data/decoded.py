"""Images decoded once: pixels and labels of both splits in one file beside the data.

The file is complete or absent. It appears under its name when it is whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from trainables.data.places import locked, writing
from trainables.data.split import Dataset, InputScaling, Scaling, Split


@dataclass(frozen=True)
class Decoded:
    """Pixels [N, H, W, C] (uint8) and labels [N] (int64) of a data set."""

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor

    def dataset(self, scaling: InputScaling) -> Dataset:
        scaled = Scaling.of(scaling, *_moments(self.train_images))
        return Dataset(
            Split(self.train_images, self.train_labels, scaled),
            Split(self.test_images, self.test_labels, scaled),
        )


COUNTED = 1000
"""Images whose pixels are counted at once: bincount makes each of them an int64."""


def _moments(images: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation [C] of pixels in [0, 1], exact: from counts of values."""
    means, deviations = [], []
    values = torch.arange(256, dtype=torch.float64) / 255
    for channel in images.unbind(-1):
        counts = torch.zeros(256, dtype=torch.float64)
        for part in channel.split(COUNTED):
            counts += torch.from_numpy(np.bincount(part.numpy().ravel(), minlength=256))
        mean = (counts * values).sum() / counts.sum()
        means.append(mean)
        deviations.append(((values - mean).square() * counts).sum().div(counts.sum()).sqrt())
    return torch.stack(means), torch.stack(deviations)


def load(path: Path, decode: Callable[[], Decoded]) -> Decoded:
    """Return the decoded images at `path`; decode them first where it is absent or damaged.

    One process at a time decodes; others wait for it. Raises DataError where it cannot be written.
    """
    found = read(path)
    if found is None:
        with locked(path):
            found = read(path)
            if found is None:
                found = decode()
                write(path, found)
    return found


def write(path: Path, images: Decoded) -> None:
    with writing(path) as partial:
        safetensors.torch.save_file(vars(images), partial)


def read(path: Path) -> Decoded | None:
    """Return the decoded images at `path`; None where it is absent, damaged or another user's."""
    try:
        return Decoded(**safetensors.torch.load_file(path))
    except (FileNotFoundError, PermissionError, safetensors.SafetensorError, TypeError):
        return None
