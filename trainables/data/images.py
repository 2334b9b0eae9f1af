"""A folder or archive of images as a data set: `train|test/<class>/<image>`.

The address is a path or any fsspec URL; archives are tar files, compressed or not. Its images get
a content name (`trainables.data.images_name`): a fingerprint of pixels and labels, which content
keys hold in place of the address.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, Self

import fsspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from trainables.data import Facts, images_name
from trainables.data.errors import DataError, one_line
from trainables.data.places import place

if TYPE_CHECKING:  # torch, which naming images that are decoded does without
    from fsspec import AbstractFileSystem
    from torch import Tensor

    from trainables.data.decoded import Decoded

SPLITS = ("train", "test")
CHANNELS = {"L": 1, "RGB": 3}
"""Pillow's modes that are taken."""

TIMES = ("mtime", "LastModified", "last_modified", "updated", "Last-Modified", "ETag", "created")
"""What file systems call the time of the last change, or what else changes then."""

Pixels = NDArray[np.uint8]
Files = dict[str, dict[str, dict[str, Pixels]]]
"""Split -> class -> path -> pixels [H, W, C]."""


def resolve(address: str, folder: Path, announce: Callable[[], None] = lambda: None) -> str:
    """The content name of the images at an address, decoding them on first use. Raises DataError.

    `announce` is called before that, which may take minutes.

    The decoded images lie in `folder`, and a note of what the address held when it was read.
    """
    note = place(folder, f"address-{stamp(address)}").with_suffix(".json")
    try:
        name: str = json.loads(note.read_text())["name"]
        if place(folder, name).exists():
            return name
    except (OSError, ValueError, KeyError):
        pass  # never read, or its note was cut short: read now
    from trainables.data import decoded

    announce()
    images = decode(address)
    name = _name(images)
    decoded.load(place(folder, name), lambda: images)
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps({"address": address, "name": name}) + "\n")
    return name


def decode_as(name: str, address: str) -> Decoded:
    """The images at an address. Raises DataError if their content name is another."""
    images = decode(address)
    if _name(images) != name:
        raise DataError(f"the images of {address} have changed since the sweep was planned")
    return images


def decode(address: str) -> Decoded:
    """Both splits, sorted by class and path. Raises DataError, which names the first image."""
    from trainables.data.decoded import Decoded

    files: Files = {split: {} for split in SPLITS}
    first: tuple[str, Pixels] | None = None
    for split, label, path, content in _files(address):
        pixels = _pixels(content, f"{address}: {path}")
        if first is None:
            first = path, pixels
        if pixels.shape != first[1].shape:
            raise DataError(
                f"{address}: images must have one size and mode, but {first[0]} is "
                f"{_size(first[1])} and {path} is {_size(pixels)}"
            )
        files[split].setdefault(label, {})[path] = pixels
    classes = {split: set(files[split]) for split in SPLITS}
    if not classes["train"] or not classes["test"]:
        raise DataError(f"{address} has no images under train/<class>/ and test/<class>/")
    for split, other in (SPLITS, SPLITS[::-1]):
        if lacking := sorted(classes[split] - classes[other]):
            raise DataError(f"{address}: the class {lacking[0]!r} has no images in {other}")
    return Decoded(*_tensors(files["train"]), *_tensors(files["test"]))


def _tensors(split: dict[str, dict[str, Pixels]]) -> tuple[Tensor, Tensor]:
    import torch

    images = [split[label][path] for label in sorted(split) for path in sorted(split[label])]
    labels = [index for index, label in enumerate(sorted(split)) for _ in split[label]]
    return torch.from_numpy(np.stack(images)), torch.tensor(labels)


class _Member(tarfile.TarInfo):
    """A member whose damaged or cut header is an error: tarfile takes it for the archive's end."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if buf and not any(buf):  # zeros: the end
                raise
            raise tarfile.ReadError(str(error)) from None


def _files(address: str) -> Iterator[tuple[str, str, str, bytes]]:
    """Split, class, path and content of each image."""
    try:
        fs, root = fsspec.core.url_to_fs(address)
        if fs.isdir(root):
            for path in sorted(_find(fs, root)):
                relative = path[len(root) :].lstrip("/")
                if where := _split_and_class(relative):
                    yield *where, relative, fs.cat_file(path)
        elif fs.exists(root):
            with fs.open(root, "rb") as stream:
                yield from members(address, stream)
        else:
            raise DataError(f"there are no images at {address}: no such file or folder")
    except (tarfile.TarError, EOFError, TypeError) as error:  # TypeError: cut in gzip's header
        raise DataError(f"{address} is not a whole tar archive: {one_line(error)}") from None
    except DataError:
        raise
    except Exception as error:  # libraries have their own, for credentials say
        raise DataError(f"cannot read the images of {address}: {one_line(error)}") from None


def _find(fs: AbstractFileSystem, root: str) -> dict[str, dict[str, Any]]:
    """What a file system says of each file, also of those in linked folders."""
    found: dict[str, dict[str, Any]] = fs.find(root, detail=True)
    for path in [path for path, entry in found.items() if entry.get("islink") and fs.isdir(path)]:
        del found[path]
        found |= _find(fs, path)
    return found


def members(
    address: str, stream: IO[bytes], splits: Sequence[str] = SPLITS
) -> Iterator[tuple[str, str, str, bytes]]:
    """Split, class, path and content of each image of a tar archive."""
    with tarfile.open(fileobj=stream, mode="r|*", tarinfo=_Member) as archive:
        for member in archive:
            if member.issym() or member.islnk():
                raise DataError(
                    f"{address}: {member.name} is a link; make the archive with what links point "
                    "to (tar --dereference --hard-dereference)"
                )
            if member.isfile() and (where := _split_and_class(member.name, splits)):
                content = archive.extractfile(member)
                assert content is not None
                yield *where, member.name, content.read()


def _split_and_class(path: str, splits: Sequence[str] = SPLITS) -> tuple[str, str] | None:
    """Split and class of a file, which may lie in folders above `train` and `test`."""
    parts = PurePosixPath(path).parts
    if len(parts) < 3 or parts[-3] not in splits or parts[-1].startswith("."):
        return None
    if parts[-2] == "..":
        return None
    return parts[-3], parts[-2]


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
    """Changes when the files of an address do: their names, sizes and times."""
    stamps = []
    try:
        fs, root = fsspec.core.url_to_fs(address)
        found = _find(fs, root)
        for path, entry in sorted(found.items()):
            if path == root or _split_and_class(path[len(root) :]):
                entry = entry or fs.info(path)  # some say nothing of a single file
                time = next((str(entry[key]) for key in TIMES if entry.get(key)), "")
                stamps.append((path, entry.get("size"), time))
    except DataError:
        raise
    except Exception as error:  # libraries have their own, for credentials say
        raise DataError(f"cannot read the images of {address}: {one_line(error)}") from None
    if not found:
        raise DataError(f"there are no images at {address}: no such file, or an empty folder")
    return hashlib.sha256(json.dumps(stamps).encode()).hexdigest()[:16]
