"""The folder of images that a recipe streams: found, checked against its name, and loaded."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from trainables import data
from trainables.data.errors import DataError
from trainables.data.folder import places
from trainables.data.places import place
from trainables.data.split_folders import TRAIN

if TYPE_CHECKING:
    from trainables.data.split import Dataset, InputScaling
    from trainables.data.streamed import Streamed
    from trainables.recipe import Recipe


def prepared(recipe: Recipe, folder: Path) -> bool:
    """Whether the folder has been listed and holds what the name says."""
    found = places.known(_address(recipe.data, recipe.data_address, folder), folder)
    return found is not None and not _wrong(found, recipe.data)


def prepare(recipe: Recipe, folder: Path) -> None:
    """Raises DataError."""
    _found(recipe.data, recipe.data_address, folder)


def load(recipe: Recipe, folder: Path) -> Dataset[Streamed]:
    """On the CPU. Raises DataError."""
    from trainables import networks

    size = recipe.crop_size or networks.facts(recipe).inputs[1]
    return _load(recipe.data, recipe.data_address, recipe.input_scaling, size, folder)


@cache
def _load(
    name: str, address: str, scaling: InputScaling, size: int, folder: Path
) -> Dataset[Streamed]:
    return at(_found(name, address, folder), scaling, size, folder)


def at(found: places.Found, scaling: InputScaling, size: int, folder: Path) -> Dataset[Streamed]:
    """A listed folder's images at so many pixels a side."""
    import torch

    from trainables.data.folder.reading import Source
    from trainables.data.split import Dataset, Scaling
    from trainables.data.streamed import DEVIATION, MEAN, Streamed

    how = Scaling.of(scaling, torch.tensor(MEAN).double(), torch.tensor(DEVIATION).double())
    index, root = found.index(folder), found.root.rstrip("/")
    train = Source(f"{root}/{TRAIN}", index, "train", size)
    test = Source(f"{root}/{found.test_folder}", index, "test", size)
    return Dataset(
        Streamed(train, train.examples.labels, how), Streamed(test, test.examples.labels, how)
    )


def _found(name: str, address: str, folder: Path) -> places.Found:
    """The listed folder. Raises DataError unless it holds what the name says."""
    where = _address(name, address, folder)
    if name == "cifar10-jpeg" and not address:
        from trainables.data import cifar10_jpeg

        cifar10_jpeg.write(Path(where), folder)
    found = places.find(where, folder)
    if wrong := _wrong(found, name):
        raise DataError(wrong)
    return found


def _wrong(found: places.Found, name: str) -> str:
    """How a folder differs from what its name says; empty where it does not."""
    if name not in data.DATA:
        changed = f"the images of {found.root} have changed since the sweep was planned"
        return changed if found.name != name else ""
    facts = data.DATA[name]
    if found.counts == (facts.train, facts.test, facts.classes):
        return ""
    train, test, classes = found.counts
    return (
        f"{name} has {facts.train:,} training images, {facts.test:,} test images and "
        f"{facts.classes} classes, but {found.root} has {train:,}, {test:,} and {classes}"
    )


def _address(name: str, address: str, folder: Path) -> str:
    if address:
        return address
    if name not in data.STREAMED:
        raise DataError(f"where are the images of {name}? Name their folder or URL as recipe.data")
    if name == "cifar10-jpeg":
        return str(place(folder, name, "", inside="").absolute())  # where it can be written
    return str((folder / name).absolute())
