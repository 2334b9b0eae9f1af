"""Images decoded whole, once: from an address to the pixels and labels of both splits."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from trainables.data.content import Facts, images_name
from trainables.data.errors import DataError, one_line, say
from trainables.data.images import source, trees
from trainables.data.images.layout import Layout, said
from trainables.data.images.trees import join

if TYPE_CHECKING:  # torch, which naming images that are decoded does without
    from torch import Tensor

    from trainables.data.decoded import Decoded

CHANNELS = {"L": 1, "RGB": 3}
"""Pillow's modes that are taken."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Pictures:
    """The images at an address as a data set that is decoded whole."""

    address: str

    @property
    def doing(self) -> str:
        return f"decoding {self.address}"

    @property
    def changed(self) -> str:
        return f"the images of {self.address} have changed since the sweep was planned"

    def note(self) -> str:
        with trees.reading(self.address):
            return f"address-{source.at(self.address).stamp()}"

    def read(self, announce: Callable[[str], None]) -> tuple[str, Decoded]:
        images = decode(self.address, announce)
        return name(images), images


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
    images = source.at(address)
    fs, root = images.fs, images.root
    if images.is_folder:
        read = fs.cat_file
        return images.layout(), lambda path: _pixels(read(join(root, path)), f"{address}: {path}")
    paths: list[str] = []
    held: dict[str, Pixels | DataError] = {}
    for path, content in images.members():
        paths.append(path)
        if content is not None:
            # Which folder of splits is meant is known at the end of the archive only.
            held[path] = _pixels_or_error(content, f"{address}: {path}")

    def pixels_of(path: str) -> Pixels:
        pixels = held.pop(path)
        if isinstance(pixels, DataError):
            raise pixels
        return pixels

    return images.layout_of(set(paths)), pixels_of


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


def name(images: Decoded) -> str:
    """Return the content name: a fingerprint of pixels and labels."""
    digest = hashlib.sha256()
    for tensor in vars(images).values():
        digest.update(str(tuple(tensor.shape)).encode())
        digest.update(tensor.numpy())
    train, height, width, channels = images.train_images.shape
    classes = int(images.train_labels.max()) + 1
    shape = (channels, height, width)
    return images_name(digest.hexdigest(), Facts(train, len(images.test_labels), shape, classes))
