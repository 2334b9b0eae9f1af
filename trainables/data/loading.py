"""The data of a recipe: prepared once, checked against their name, and loaded."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainables.data.caches import held, place, room
from trainables.data.errors import DataError
from trainables.data.table import ROWS, Row, streams, version

if TYPE_CHECKING:
    from trainables.data.decoded import Decoded
    from trainables.data.images.listed import Found
    from trainables.data.split import Dataset, InputScaling, Split
    from trainables.data.streamed import Streamed
    from trainables.recipe import Recipe


def prepared(recipe: Recipe, folder: Path) -> bool:
    """Return whether a recipe's data need neither be downloaded nor decoded nor listed."""
    if streams(recipe):
        from trainables.data.images import listed

        found = listed.known(_address(recipe.data, recipe.data_address, folder), folder)
        return found is not None and not _wrong(found, recipe.data)
    row = ROWS.get(recipe.data)
    return (row is not None and row.installed) or place(folder, recipe.data).exists()


def prepare(recipe: Recipe, folder: Path) -> None:
    """Download and decode a recipe's data, or list and check its folder. Raises DataError."""
    _check_version(recipe)
    if streams(recipe):
        _found(recipe.data, recipe.data_address, folder)
    else:
        _decoded(recipe.data, recipe.data_address, folder)


def load(recipe: Recipe, folder: Path) -> Dataset[Any]:
    """Return a recipe's data on its device, loaded once per process; members are `Streamed` where
    it streams, else `Split`. Raises DataError."""
    _check_version(recipe)
    if streams(recipe):
        from trainables.networks.table import crop_default

        size = recipe.crop_size or crop_default(recipe.network)
        dataset = _stream(recipe.data, recipe.data_address, recipe.input_scaling, size, folder)
        return dataset.to(recipe.device)
    return _load(recipe.data, recipe.data_address, recipe.input_scaling, recipe.device, folder)


def _check_version(recipe: Recipe) -> None:
    """Raise DataError where what is installed has other data than the recipe is of."""
    here = version(recipe.data)
    if here != recipe.data_version:
        raise DataError(
            f"{recipe.data} is {recipe.data_version} in this recipe, but {here} is what is "
            "installed here; run it with the version that it names"
        )


def forget() -> None:
    """Make the next `load` read the data anew, because those in memory were changed."""
    _load.cache_clear()
    _stream.cache_clear()


# --- in memory ----------------------------------------------------------------------------


@cache
def _load(
    name: str, address: str, scaling: InputScaling, device: str, folder: Path
) -> Dataset[Split]:
    return _decoded(name, address, folder).dataset(scaling).to(device)


def _decoded(name: str, address: str, folder: Path) -> Decoded:
    from trainables.data import decoded, resolving

    row = ROWS.get(name)
    if row is not None and row.installed:
        return _read(name, row, folder)
    for path in held(folder, name):
        if found := decoded.read(path):
            return found

    def decode() -> Decoded:
        return _read(name, row, folder) if row else resolving.decode_as(name, address, folder)

    return decoded.load(room(folder, name), decode)


def _read(name: str, row: Row, folder: Path) -> Decoded:
    found: Decoded = _reader(row)(name, folder, **row.arguments)
    return found


def _reader(row: Row) -> Any:
    module, _, function = row.reader.partition(":")
    return getattr(import_module(module), function)


# --- streamed -----------------------------------------------------------------------------


@cache
def _stream(
    name: str, address: str, scaling: InputScaling, size: int, folder: Path
) -> Dataset[Streamed]:
    return streamed(_found(name, address, folder), scaling, size, folder)


def streamed(found: Found, scaling: InputScaling, size: int, folder: Path) -> Dataset[Streamed]:
    """Return a listed folder's images at so many pixels per side, on the CPU."""
    import torch

    from trainables.data.images.reading import Source
    from trainables.data.images.split_folders import TRAIN
    from trainables.data.split import Dataset, Scaling
    from trainables.data.streamed import DEVIATION, MEAN, Streamed

    how = Scaling.of(scaling, torch.tensor(MEAN).double(), torch.tensor(DEVIATION).double())
    index, root = found.index(folder), found.root.rstrip("/")
    train = Source(f"{root}/{TRAIN}", index, "train", size)
    test = Source(f"{root}/{found.test_folder}", index, "test", size)
    return Dataset(
        Streamed(train, train.examples.labels, how), Streamed(test, test.examples.labels, how)
    )


def _found(name: str, address: str, folder: Path) -> Found:
    """Return the listed folder. Raises DataError unless it holds what the name says."""
    from trainables.data.images import listed

    where = _address(name, address, folder)
    if name in ROWS and ROWS[name].reader and not address:
        _reader(ROWS[name])(Path(where), folder)
    found = listed.find(where, folder)
    if wrong := _wrong(found, name):
        raise DataError(wrong)
    return found


def _wrong(found: Found, name: str) -> str:
    """Return how a folder differs from what its name says; '' where it does not."""
    if name not in ROWS:
        changed = f"the images of {found.root} have changed since the sweep was planned"
        return changed if found.name != name else ""
    facts = ROWS[name].facts
    if found.counts == (facts.train, facts.test, facts.classes):
        return ""
    train, test, classes = found.counts
    return (
        f"{name} has {facts.train:,} training images, {facts.test:,} test images and "
        f"{facts.classes} classes, but {found.root} has {train:,}, {test:,} and {classes}"
    )


def _address(name: str, address: str, folder: Path) -> str:
    """Return where the images of a streamed data set lie."""
    if address:
        return address
    if name not in ROWS:
        raise DataError(f"where are the images of {name}? Name their folder or URL as recipe.data")
    if ROWS[name].reader:
        return str(place(folder, name, "", inside="").absolute())  # where it can be written
    return str((folder / name).absolute())
