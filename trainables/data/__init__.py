"""Data sets by name. A data set is one file with a `load()`, and a row of `DATA`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Split:
    """Examples as two tensors: inputs [N, ...] as the network takes them, labels [N] int64."""

    inputs: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Dataset:
    train: Split
    test: Split


@dataclass(frozen=True)
class Facts:
    """What planning needs to know of a data set, without loading it."""

    module: str
    train: int
    """Training examples."""
    test: int
    """Test examples."""


DATA: dict[str, Facts] = {
    "digits": Facts(module="trainables.data.digits", train=1000, test=797),
}


@cache
def load(name: str) -> Dataset:
    """A data set by name, loaded once a process."""
    dataset: Dataset = import_module(DATA[name].module).load()
    return dataset


def iterations_per_epoch(name: str, batch_size: int, last_batch: str) -> int:
    """Iterations that pass once over the training set; `last_batch` as in `Recipe`."""
    full, rest = divmod(DATA[name].train, batch_size)
    return full + (rest > 0 and last_batch == "keep")
