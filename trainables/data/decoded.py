"""Data decoded once: inputs and labels of both splits in one file beside the data.

The file is complete or absent. It appears under its name when it is whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainables.data.caches import locked, writing
from trainables.data.split import Dataset, InputScaling, Scaling, Split


@dataclass(frozen=True)
class Decoded:
    """Inputs and labels [N] or [N, ...] (int64) of a data set.

    Inputs are pixels [N, H, W, C] (uint8), floating-point numbers [N, ...] (float32) or integers
    [N, ...] (int64).
    """

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor

    def dataset(self, scaling: InputScaling) -> Dataset:
        """Return both splits, scaled by the training inputs. Integers stay as they are."""
        train, test = self.train_images, self.test_images
        scaled = None
        if train.dtype == torch.uint8:
            scaled = Scaling.of(scaling, *_moments(train))
        elif train.is_floating_point() and scaling == "standardize":
            mean, deviation = _moments_of_floats(train)
            train, test = (train - mean) / deviation, (test - mean) / deviation
        return Dataset(
            Split(train, self.train_labels, scaled), Split(test, self.test_labels, scaled)
        )


COUNTED = 1000
"""Examples whose values are counted at once: each of them becomes one of 64 bits."""


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


def _moments_of_floats(inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean and standard deviation of inputs: of each channel of examples [C, H, W], as
    [C, 1, 1], else of all values."""
    each = inputs.unbind(1) if inputs.ndim == 4 else [inputs]
    shape = (-1, 1, 1) if inputs.ndim == 4 else ()
    moments = torch.tensor([_mean_and_deviation(one.numpy()) for one in each])
    mean, deviation = moments.unbind(1)
    return mean.view(shape), deviation.view(shape)


def _mean_and_deviation(values: NDArray[np.float32]) -> tuple[float, float]:
    """Return them as sums of 64 bits by numpy, which do not depend on the number of threads.

    Of a constant the deviation is 1, so that it becomes 0.
    """
    mean = float(values.mean(dtype=np.float64))
    blocks = np.array_split(values, -(-len(values) // COUNTED))
    squares = sum(float(np.square(block.astype(np.float64) - mean).sum()) for block in blocks)
    deviation = math.sqrt(squares / values.size)
    return mean, deviation if deviation > 1e-9 * abs(mean) else 1.0


def load(path: Path, decode: Callable[[], Decoded]) -> Decoded:
    """Return the decoded data at `path`; decode them first where it is absent or damaged.

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


def write(path: Path, data: Decoded) -> None:
    with writing(path) as partial:
        safetensors.torch.save_file(vars(data), partial)


def read(path: Path) -> Decoded | None:
    """Return the decoded data at `path`; None where it is absent, damaged or another user's."""
    try:
        return Decoded(**safetensors.torch.load_file(path))
    except (FileNotFoundError, PermissionError, safetensors.SafetensorError, TypeError):
        return None
