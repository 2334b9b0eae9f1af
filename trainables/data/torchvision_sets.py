"""MNIST, CIFAR-10 and CIFAR-100 through torchvision, downloaded on first use."""

from __future__ import annotations

import hashlib
from http.client import HTTPException
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from trainables.data.decoded import Decoded
from trainables.data.errors import DataError, one_line

DAMAGE = (ValueError, OSError, AssertionError, EOFError, KeyError, TypeError)
"""What torchvision's readers raise on damaged files, beside RuntimeError."""

EXPECTED = {"mnist": (60_000, 10_000), "cifar10": (50_000, 10_000), "cifar100": (50_000, 10_000)}


MNIST_FILES = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
"""MD5 of LeCun's files, unpacked: torchvision checks archives alone, and when it fetches them."""


def decode(name: str, folder: Path) -> Decoded:
    """Both splits. Raises DataError if files are missing and can't be fetched, or are damaged."""
    from torchvision import datasets

    kind = {"mnist": datasets.MNIST, "cifar10": datasets.CIFAR10, "cifar100": datasets.CIFAR100}
    train, test = (_open(kind[name], name, folder, train=train) for train in (True, False))
    for split, examples in zip((train, test), EXPECTED[name], strict=True):
        if len(split.data) != examples or len(split.targets) != examples:
            raise DataError(
                f"{name} in {folder} is damaged: {len(split.data)} images and "
                f"{len(split.targets)} labels where {examples} belong; remove it to fetch it again"
            )
    if name == "mnist":
        _check_mnist(Path(train.raw_folder), folder)
    return Decoded(_pixels(train), _labels(train), _pixels(test), _labels(test))


def _check_mnist(raw: Path, folder: Path) -> None:
    for name, expected in MNIST_FILES.items():
        with (raw / name).open("rb") as file:
            if hashlib.file_digest(file, "md5").hexdigest() != expected:
                raise DataError(
                    f"mnist in {folder} is damaged: the checksum of {raw / name} is not "
                    "LeCun's; remove it to fetch it again"
                )


def _open(kind: Any, name: str, folder: Path, *, train: bool) -> Any:
    try:
        return kind(folder, train=train, download=False)
    except RuntimeError:
        pass  # not there, or a checksum is wrong: fetched (again) below
    except DAMAGE as error:
        raise DataError(
            f"{name} in {folder} cannot be read ({one_line(error)}); remove it to fetch it again"
        ) from None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return kind(folder, train=train, download=True)
    except (RuntimeError, HTTPException, *DAMAGE) as error:
        raise DataError(
            f"{name} is not whole in {folder} and cannot be fetched ({one_line(error)}); "
            "put torchvision's files there, or name their folder with --data"
        ) from None


def _pixels(split: Any) -> Tensor:
    pixels = torch.as_tensor(split.data)  # MNIST [N, H, W]; CIFAR [N, H, W, C]
    return (pixels if pixels.ndim == 4 else pixels.unsqueeze(-1)).contiguous()


def _labels(split: Any) -> Tensor:
    return torch.as_tensor(split.targets).long()
