"""What planning knows of a data set, and content names, which say it. No torch.

Data of a user's own are known by a content name: a hash of what they hold, and their sizes. Equal
data have equal names, wherever they lie, and a name says the facts without the data:

    images-<hash>-<train>-<test>-<C>x<H>x<W>-<classes>         images of one size, decoded whole
    folder-<hash>-<train>-<test>-<classes>                     images that are read as needed
    arrays-<hash>-<train>-<test>-<shape>-<classes>-<most frequent>-<kind>[-<labels' shape>]
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal, cast, get_args

Kind = Literal["pixels", "floats", "tokens"]
"""What an example is made of: bytes of an image, which are scaled; floating-point numbers; or
integers, which a network takes as they are."""

DIGITS = 12
"""Hex digits of the hash in a content name."""

_IMAGES = re.compile(r"images-[0-9a-f]{12}-(\d+)-(\d+)-(\d+)x(\d+)x(\d+)-(\d+)")
_FOLDER = re.compile(r"folder-[0-9a-f]{12}-(\d+)-(\d+)-(\d+)")
_ARRAYS = re.compile(
    rf"arrays-[0-9a-f]{{12}}-(\d+)-(\d+)-(\d+(?:x\d+)*)-(\d+)-(\d+)-({'|'.join(get_args(Kind))})"
    r"(?:-(\d+(?:x\d+)*))?"
)


@dataclass(frozen=True)
class Facts:
    """What planning needs to know of a data set, without loading it."""

    train: int
    """Training examples."""
    test: int
    """Test examples."""
    shape: tuple[int, ...] | None
    """Shape of an example: channels, height and width of an image; None where images have no one
    size."""
    classes: int
    most_frequent: int | None = None
    """Test labels of the most frequent class; None: all classes have equally many."""
    kind: Kind = "pixels"
    label_shape: tuple[int, ...] = ()
    """Shape of an example's labels; () where it has one."""

    @property
    def test_labels(self) -> int:
        """Number of labels of test examples."""
        return self.test * math.prod(self.label_shape)

    @property
    def majority(self) -> float:
        """Share of the test labels that are of the most frequent class."""
        if self.most_frequent is None:
            return 1 / self.classes
        return self.most_frequent / self.test_labels


def parsed(name: str) -> Facts | None:
    """Return the facts that a content name says; None where it is no content name."""
    if own := _IMAGES.fullmatch(name):
        train, test, channels, height, width, classes = map(int, own.groups())
        return Facts(train, test, (channels, height, width), classes)
    if own := _FOLDER.fullmatch(name):
        train, test, classes = map(int, own.groups())
        return Facts(train, test, None, classes)
    if own := _ARRAYS.fullmatch(name):
        shape, kind, labels = own[3], own[6], own[7]
        train, test, classes, most = (int(own[group]) for group in (1, 2, 4, 5))
        sizes = tuple(map(int, shape.split("x")))
        label_shape = tuple(map(int, labels.split("x"))) if labels else ()
        return Facts(train, test, sizes, classes, most, cast(Kind, kind), label_shape)
    return None


def images_name(fingerprint: str, of: Facts) -> str:
    """Return the content name of images of one size, of which the fingerprint is a hash."""
    assert of.shape is not None
    return f"images-{fingerprint[:DIGITS]}-{of.train}-{of.test}-{_sizes(of.shape)}-{of.classes}"


def folder_name(fingerprint: str, train: int, test: int, classes: int) -> str:
    """Return the content name of a folder whose images are read as they are needed."""
    return f"folder-{fingerprint[:DIGITS]}-{train}-{test}-{classes}"


def arrays_name(fingerprint: str, of: Facts) -> str:
    """Return the content name of arrays."""
    assert of.shape
    assert of.most_frequent is not None
    labels = f"-{_sizes(of.label_shape)}" if of.label_shape else ""
    return (
        f"arrays-{fingerprint[:DIGITS]}-{of.train}-{of.test}-{_sizes(of.shape)}-{of.classes}-"
        f"{of.most_frequent}-{of.kind}{labels}"
    )


def is_listed(name: str) -> bool:
    """Return whether a content name is of a folder whose images are read as they are needed."""
    return _FOLDER.fullmatch(name) is not None


def _sizes(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
