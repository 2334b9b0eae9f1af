"""Data sets by name: what planning needs to know of them, and loading them.

A name is a row of `DATA`, or the content name of a folder or archive of images
(`trainables.data.images`, or `trainables.data.folder` where they are streamed), which says the same
of itself. Nothing here imports torch until data are loaded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainables.data.errors import DataError as DataError
from trainables.data.places import held, place, room

if TYPE_CHECKING:
    from trainables.data.decoded import Decoded
    from trainables.data.split import Dataset, InputScaling, Split
    from trainables.recipe import Recipe


@dataclass(frozen=True)
class Facts:
    """What planning needs to know of a data set, without loading it."""

    train: int
    """Training examples."""
    test: int
    """Test examples."""
    shape: tuple[int, int, int] | None
    """Channels, height and width of an example; None where images have no one size."""
    classes: int
    most_frequent: int | None = None
    """Test examples of the most frequent class; None: all classes have equally many."""

    @property
    def majority(self) -> float:
        """Share of the test examples that are of the most frequent class."""
        return 1 / self.classes if self.most_frequent is None else self.most_frequent / self.test


DATA: dict[str, Facts] = {
    "digits": Facts(1_000, 797, (1, 8, 8), 10, most_frequent=81),
    "mnist": Facts(60_000, 10_000, (1, 28, 28), 10, most_frequent=1135),
    "cifar10": Facts(50_000, 10_000, (3, 32, 32), 10),
    "cifar100": Facts(50_000, 10_000, (3, 32, 32), 100),
    "cifar10-jpeg": Facts(50_000, 10_000, None, 10),
    "imagenet": Facts(1_281_167, 50_000, (3, 224, 224), 1000),
}

STREAMED = ("imagenet", "cifar10-jpeg")
"""Folders of images, read as they are needed."""

_IMAGES = re.compile(r"images-[0-9a-f]{12}-(\d+)-(\d+)-(\d+)x(\d+)x(\d+)-(\d+)")
_FOLDER = re.compile(r"folder-[0-9a-f]{12}-(\d+)-(\d+)-(\d+)")


def facts(name: str) -> Facts:
    """Of a data set by name. Raises KeyError if there is none."""
    if name in DATA:
        return DATA[name]
    if own := _IMAGES.fullmatch(name):
        train, test, channels, height, width, classes = map(int, own.groups())
        return Facts(train, test, (channels, height, width), classes)
    if own := _FOLDER.fullmatch(name):
        train, test, classes = map(int, own.groups())
        return Facts(train, test, None, classes)
    raise KeyError(name)


def images_name(fingerprint: str, of: Facts) -> str:
    """The content name of images: equal images have equal names, wherever they lie."""
    assert of.shape is not None
    shape = "x".join(map(str, of.shape))
    return f"images-{fingerprint[:12]}-{of.train}-{of.test}-{shape}-{of.classes}"


def iterations_per_epoch(name: str, batch_size: int, last_batch: str) -> int:
    """Iterations that pass once over the training set; `last_batch` as in `Recipe`."""
    full, rest = divmod(facts(name).train, batch_size)
    return full + (rest > 0 and last_batch == "keep")


def streams(recipe: Recipe) -> bool:
    """Whether a recipe's images are read as they are needed, rather than held in memory."""
    return is_folder(recipe.data) or recipe.augmentation == "crop-flip"


def is_folder(name: str) -> bool:
    """Whether a name is of a folder of images that is never decoded whole."""
    return name in STREAMED or _FOLDER.fullmatch(name) is not None


def prepared(recipe: Recipe, folder: Path) -> bool:
    """Whether a recipe's data need neither be downloaded nor decoded nor listed."""
    if streams(recipe):
        from trainables.data.folder import recipes

        return recipes.prepared(recipe, folder)
    return recipe.data == "digits" or place(folder, recipe.data).exists()


def prepare(recipe: Recipe, folder: Path) -> None:
    """Download and decode a recipe's data, or list and check its folder. Raises DataError."""
    if streams(recipe):
        from trainables.data.folder import recipes

        recipes.prepare(recipe, folder)
    else:
        _decoded(recipe.data, recipe.data_address, folder)


def load(recipe: Recipe, folder: Path) -> Dataset[Any]:
    """A recipe's data on its device, loaded once a process; members are `Streamed` where it
    streams, else `Split`. Raises DataError."""
    if streams(recipe):
        from trainables.data.folder import recipes

        return recipes.load(recipe, folder).to(recipe.device)
    return _load(recipe.data, recipe.data_address, recipe.input_scaling, recipe.device, folder)


@cache
def _load(
    name: str, address: str, scaling: InputScaling, device: str, folder: Path
) -> Dataset[Split]:
    if name == "digits":
        from trainables.data import digits

        return digits.load(scaling).to(device)
    return _decoded(name, address, folder).dataset(scaling).to(device)


def _decoded(name: str, address: str, folder: Path) -> Decoded:
    from trainables.data import decoded, images, torchvision_sets

    def decode() -> Decoded:
        if name in DATA:
            return torchvision_sets.decode(name, folder)
        return images.decode_as(name, address)

    for path in held(folder, name):
        if found := decoded.read(path):
            return found
    return decoded.load(room(folder, name), decode)
