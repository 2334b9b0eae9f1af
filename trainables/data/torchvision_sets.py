"""Data sets through torchvision, downloaded on first use."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from trainables.data.content import Facts
from trainables.data.decoded import Decoded
from trainables.data.errors import DataError, one_line

DAMAGE = (ValueError, OSError, AssertionError, EOFError, KeyError, TypeError)
"""What torchvision's readers raise on damaged files, beside RuntimeError."""


def read(
    name: str,
    folder: Path,
    *,
    kind: str,
    splits: Sequence[Mapping[str, Any]],
    facts: Facts,
    axes: str = "NHW",
    first_label: int = 0,
    sums: Mapping[str, str] | None = None,
) -> Decoded:
    """Return both splits of `torchvision.datasets.<kind>`, whose files lie in a folder.

    `name` is for errors. `splits` are what the class is called with for the training and the test
    split. `axes` are those of its pixels, in order; `first_label` is the least of its labels;
    `sums` are MD5 sums of its files. Raises DataError if files are missing and cannot be fetched,
    or are damaged.
    """
    train, test = (_open(name, kind, folder, split) for split in splits)
    of_train, of_test = _labels(train, first_label), _labels(test, first_label)
    for split, labels, examples in (train, of_train, facts.train), (test, of_test, facts.test):
        if len(split.data) != examples or len(labels) != examples:
            raise DataError(
                f"{name} in {folder} is damaged: {len(split.data)} images and "
                f"{len(labels)} labels where {examples} belong; remove it to fetch it again"
            )
    for file, expected in (sums or {}).items():
        _check(Path(train.raw_folder) / file, expected, name, folder)
    most = facts.most_frequent or facts.test // facts.classes
    every = torch.cat([of_train, of_test])
    if not 0 <= every.min() <= every.max() < facts.classes or of_test.bincount().max() != most:
        raise DataError(
            f"{name} in {folder} is damaged: its labels are not those of the {facts.classes} "
            "classes; remove it to fetch it again"
        )
    return Decoded(_pixels(train, axes), of_train, _pixels(test, axes), of_test)


def _check(file: Path, expected: str, name: str, folder: Path) -> None:
    with file.open("rb") as content:
        if hashlib.file_digest(content, "md5").hexdigest() != expected:
            raise DataError(
                f"{name} in {folder} is damaged: the checksum of {file} is not that of its "
                "authors; remove it to fetch it again"
            )


def _open(name: str, kind: str, folder: Path, split: Mapping[str, Any]) -> Any:
    from torchvision import datasets

    make = getattr(datasets, kind)
    try:
        return make(folder, **split, download=False)
    except RuntimeError:
        pass  # not there, or a checksum is wrong: fetched (again) below
    except ImportError as error:
        raise DataError(f"{name} cannot be read: {one_line(error)}") from None
    except DAMAGE as error:
        raise DataError(
            f"{name} in {folder} cannot be read ({one_line(error)}); remove it to fetch it again"
        ) from None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return make(folder, **split, download=True)
    except (RuntimeError, HTTPException, *DAMAGE) as error:
        raise DataError(
            f"{name} is not whole in {folder} and cannot be fetched ({one_line(error)}); "
            "put torchvision's files there, or name their folder with --data"
        ) from None


def _pixels(split: Any, axes: str) -> Tensor:
    """Return pixels as [N, H, W, C]."""
    pixels = torch.as_tensor(split.data)
    if "C" not in axes:
        pixels, axes = pixels.unsqueeze(-1), f"{axes}C"
    return pixels.permute([axes.index(axis) for axis in "NHWC"]).contiguous()


def _labels(split: Any, first: int) -> Tensor:
    labels = split.labels if hasattr(split, "labels") else split.targets
    return torch.as_tensor(labels).long() - first
