"""The data sets that a recipe can name, a row each; and a user's own, by `module:object`. No torch.

To add a data set is to add a row. Its reader is called with the set's name, the data folder and
the row's arguments when the data are wanted, and only then imported. It returns both splits as
`trainables.data.decoded.Decoded`. Sizes and counts are those that the sets' authors publish; what
is read is compared with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from trainables.data.content import Facts, is_listed, parsed
from trainables.registry import Door

if TYPE_CHECKING:
    from trainables.recipe import Recipe


@dataclass(frozen=True)
class Row:
    """A data set: what planning knows of it, and what reads it."""

    sizes: Facts | str
    """Its facts, or `module:object` of a function that returns them: of data that are another's,
    and differ by its version."""
    reader: str = ""
    """`module:object`. That of a streamed set, if it has one, writes the folder of images: it is
    called with that and the data folder."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Of the reader, beside name and folder."""
    streamed: bool = False
    """Whether it is a folder of images in the data folder, which are read as they are needed."""
    installed: bool = False
    """Whether it comes with an installed package, so that nothing is fetched or kept."""
    version: str = ""
    """`module:object` of a function that returns which of its contents is at hand, where that
    differs by what is installed."""

    @property
    def facts(self) -> Facts:
        found: Facts = _called(self.sizes) if isinstance(self.sizes, str) else self.sizes
        return found


def _called(place: str) -> Any:
    """Return what a function `module:object` of this package returns."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)()


def _torchvision(
    kind: str, facts: Facts, splits: tuple[dict[str, Any], dict[str, Any]] | None = None, **how: Any
) -> Row:
    """Return the row of a class of `torchvision.datasets`; `how` as for the reader."""
    splits = splits or ({"train": True}, {"train": False})
    arguments = {"kind": kind, "splits": splits, "facts": facts, **how}
    return Row(facts, "trainables.data.torchvision_sets:read", arguments)


def _emnist(split: str, train: int, test: int, classes: int, first_label: int = 0) -> Row:
    """Return a row of EMNIST (Cohen et al., 2017), whose files hold images with rows for columns;
    the letters' labels begin with 1."""
    splits = {"split": split, "train": True}, {"split": split, "train": False}
    facts = Facts(train, test, (1, 28, 28), classes)
    return _torchvision("EMNIST", facts, splits, axes="NWH", first_label=first_label)


LECUN = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
"""MD5 of LeCun's files, unpacked: torchvision checks archives alone, and when it fetches them."""

ROWS: dict[str, Row] = {
    "digits": Row(
        Facts(1_000, 797, (1, 8, 8), 10, most_frequent=81, kind="floats"),
        "trainables.data.digits:read",
        installed=True,
    ),
    "python-topics": Row(
        "trainables.data.python_topics:facts",
        "trainables.data.python_topics:read",
        installed=True,
        version="trainables.data.python_topics:version",
    ),
    "mnist": _torchvision(
        "MNIST", Facts(60_000, 10_000, (1, 28, 28), 10, most_frequent=1135), sums=LECUN
    ),
    "fashion-mnist": _torchvision("FashionMNIST", Facts(60_000, 10_000, (1, 28, 28), 10)),
    "kmnist": _torchvision("KMNIST", Facts(60_000, 10_000, (1, 28, 28), 10)),
    "emnist-balanced": _emnist("balanced", 112_800, 18_800, 47),
    "emnist-letters": _emnist("letters", 124_800, 20_800, 26, first_label=1),
    "emnist-digits": _emnist("digits", 240_000, 40_000, 10),
    "cifar10": _torchvision("CIFAR10", Facts(50_000, 10_000, (3, 32, 32), 10), axes="NHWC"),
    "cifar100": _torchvision("CIFAR100", Facts(50_000, 10_000, (3, 32, 32), 100), axes="NHWC"),
    "svhn": _torchvision(
        "SVHN",
        Facts(73_257, 26_032, (3, 32, 32), 10, most_frequent=5099),
        ({"split": "train"}, {"split": "test"}),
        axes="NCHW",
    ),
    "cifar10-jpeg": Row(
        Facts(50_000, 10_000, None, 10), "trainables.data.cifar10_jpeg:write", streamed=True
    ),
    "imagenet": Row(Facts(1_281_167, 50_000, (3, 224, 224), 1000), streamed=True),
}

DOOR = Door("data set", {name: row.reader for name, row in ROWS.items()}, "stability_sweeps.data")
"""`module:object` of a user's own: see `trainables.data.own`."""


def facts(name: str) -> Facts:
    """Return the facts of a data set by name or content name. Raises KeyError if there is none."""
    found = ROWS[name].facts if name in ROWS else parsed(name)
    if found is None:
        raise KeyError(name)
    return found


def version(name: str, known: str = "") -> str:
    """Return which content of a data set is meant: the `known` one, or that at hand.

    Empty for data sets that have but one content.
    """
    if name not in ROWS or not ROWS[name].version:
        return ""
    return known or str(_called(ROWS[name].version))


def iterations_per_epoch(name: str, batch_size: int, last_batch: str) -> int:
    """Return how many iterations pass once over the training set; `last_batch` as in `Recipe`."""
    full, rest = divmod(facts(name).train, batch_size)
    return full + (rest > 0 and last_batch == "keep")


def streams(recipe: Recipe) -> bool:
    """Return whether a recipe's images are read as they are needed, not held in memory."""
    return is_folder(recipe.data) or recipe.augmentation == "crop-flip"


def is_folder(name: str) -> bool:
    """Return whether a name is of a folder of images that is never decoded whole."""
    return ROWS[name].streamed if name in ROWS else is_listed(name)


def augmentations(name: str) -> list[str]:
    """Return which augmentations there are for a data set: none for what is no image."""
    if is_folder(name):
        # A folder at an address of its own has been taken for one because of crop-flip.
        return ["none", "crop-flip"] if name in ROWS else ["crop-flip"]
    return ["none", "shift-flip"] if facts(name).kind == "pixels" else ["none"]
