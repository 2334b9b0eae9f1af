"""A folder or archive of images as a data set: `train/<class>/<image>`, and `test` or `val`.

The address is a path or any fsspec URL; archives are tar files, compressed or not. Its images get
a content name (`trainables.data.images_name`): a fingerprint of pixels and labels, which content
keys hold in place of the address.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from trainables.addresses import filesystem
from trainables.data import Facts, images_name, layout, trees
from trainables.data.archives import members
from trainables.data.errors import DataError, one_line, say
from trainables.data.layout import Layout, said
from trainables.data.places import notes, place, room, writing
from trainables.data.trees import join

if TYPE_CHECKING:  # torch, which naming images that are decoded does without
    from torch import Tensor

    from trainables.data.decoded import Decoded

CHANNELS = {"L": 1, "RGB": 3}
"""Pillow's modes that are taken."""

RULES = 2
"""Version of what is taken for an image of a class: what other rules named is read again."""

Pixels = NDArray[np.uint8]


def resolve(address: str, folder: Path, announce: Callable[[str], None] = say) -> str:
    """Return the content name of the images at an address, decoding them on first use.

    `announce` is told before that, which may take minutes, and afterwards what was skipped. The
    decoded images lie in `folder`, and a note of what the address held when it was read. Raises
    DataError.
    """
    note = f"address-{stamp(address)}"
    for text in notes(folder, note):
        try:
            name: str = json.loads(text)["name"]
        except (ValueError, KeyError):
            continue  # cut short: read again
        if place(folder, name).exists():
            return name
    from trainables.data import decoded

    announce(f"decoding {address}")
    images = decode(address, announce)
    name = _name(images)
    if decoded.read(place(folder, name)) is None:
        decoded.load(room(folder, name), lambda: images)
    with writing(room(folder, note, ".json")) as partial:
        partial.write_text(json.dumps({"address": address, "name": name}) + "\n")
    return name


def decode_as(name: str, address: str) -> Decoded:
    """Return the images at an address. Raises DataError if their content name is another."""
    images = decode(address)
    if _name(images) != name:
        raise DataError(f"the images of {address} have changed since the sweep was planned")
    return images


def decode(address: str, announce: Callable[[str], None] = say) -> Decoded:
    """Return both splits, sorted by class and path; `announce` is told what was skipped.

    Raises DataError, which names the first image that is not as the others.
    """
    from trainables.data.decoded import Decoded

    with trees.reading(address):
        found, pixels_of = _found(address)
        if found.skipped:
            announce(said(found.skipped))
        held: dict[str, tuple[list[Pixels], list[int]]] = {"train": ([], []), "test": ([], [])}
        first: tuple[str, Pixels] | None = None
        for split, label, path in found.paths():
            pixels = pixels_of(path)
            first = first or (path, pixels)
            if pixels.shape != first[1].shape:
                raise DataError(
                    f"{address}: images must have one size and mode, but {first[0]} is "
                    f"{_size(first[1])} and {path} is {_size(pixels)}"
                )
            held[split][0].append(pixels)
            held[split][1].append(label)
    return Decoded(*_tensors(*held["train"]), *_tensors(*held["test"]))


def _tensors(images: list[Pixels], labels: list[int]) -> tuple[Tensor, Tensor]:
    import torch

    return torch.from_numpy(np.stack(images)), torch.tensor(labels)


def _found(address: str) -> tuple[Layout, Callable[[str], Pixels]]:
    """Return where the images lie, and a function that returns the pixels of one."""
    fs, root = filesystem(address)
    if fs.isdir(root):
        found = layout.read(trees.of(fs, root), address)
        return found, lambda path: _pixels(fs.cat_file(join(root, path)), f"{address}: {path}")
    if not fs.exists(root):
        raise DataError(f"there are no images at {address}: no such file or folder")
    paths: list[str] = []
    held: dict[str, Pixels | DataError] = {}
    with fs.open(root, "rb") as stream:
        for path, content in members(address, stream):
            paths.append(path)
            if content is not None:
                # Which folder of splits is meant is known at the end of the archive only.
                held[path] = _pixels_or_error(content, f"{address}: {path}")

    def pixels_of(path: str) -> Pixels:
        pixels = held.pop(path)
        if isinstance(pixels, DataError):
            raise pixels
        return pixels

    return layout.read(trees.Members(set(paths)), address), pixels_of


def _pixels_or_error(content: bytes, where: str) -> Pixels | DataError:
    try:
        return _pixels(content, where)
    except DataError as error:
        return error


def _pixels(content: bytes, where: str) -> Pixels:
    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.mode not in CHANNELS:
                raise DataError(f"{where} has mode {image.mode}; allowed: grey (L) and RGB")
            pixels = np.asarray(image)
    except UnidentifiedImageError:
        raise DataError(f"{where} is not a readable image") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"{where} is not a readable image: {one_line(error)}") from None
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


def _size(pixels: Pixels) -> str:
    height, width, channels = pixels.shape
    return f"{width}x{height} {'grey' if channels == 1 else 'RGB'}"


def _name(images: Decoded) -> str:
    digest = hashlib.sha256()
    for tensor in vars(images).values():
        digest.update(str(tuple(tensor.shape)).encode())
        digest.update(tensor.numpy())
    train, height, width, channels = images.train_images.shape
    classes = int(images.train_labels.max()) + 1
    shape = (channels, height, width)
    return images_name(digest.hexdigest(), Facts(train, len(images.test_labels), shape, classes))


def stamp(address: str) -> str:
    """Return what changes when the files of an address do: their names, sizes or times.

    Raises DataError.
    """
    with trees.reading(address):
        fs, root = filesystem(address)
        if fs.isdir(root):
            found = layout.read(trees.of(fs, root), address)
            stamps: list[object] = [found.base, found.test_folder, found.train, found.test]
        elif fs.exists(root):
            entry = fs.info(root)
            stamps = [root, entry.get("size"), trees.changed(entry)]
        else:
            raise DataError(f"there are no images at {address}: no such file or folder")
    seen = json.dumps([RULES, root, stamps])
    return hashlib.sha256(seen.encode()).hexdigest()[:16]
