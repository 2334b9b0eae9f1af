"""Where images lie below an address: in `train` and in `test` or `val`, a folder for each class.

Folders, object stores and archives show themselves as a `Tree` and obey the same rules. What is
ambiguous is an error that lists what was found, and what is passed over is counted.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from trainables.data.errors import DataError
from trainables.data.images.split_folders import (
    TESTS,
    TRAIN,
    UNFINISHED,
    Level,
    descend,
    described,
    holds_classes,
    some,
)
from trainables.data.images.trees import File, Tree, is_ignored, is_image, join

Classes = dict[str, list[File]]
"""Folder of each class, in order of the classes' names -> its images, sorted."""


@dataclass(frozen=True)
class Layout:
    """The images of both splits. The classes of both have the same names, in the same order."""

    base: str
    """Folder that holds the splits' folders."""
    test_folder: str
    """What the test split is called there."""
    train: Classes
    test: Classes
    skipped: list[str]
    """Paths of all that is no image of a class; folders end in a slash."""

    def paths(self) -> Iterator[tuple[str, int, str]]:
        """Yield split (`train` or `test`), class and path of each image, in order."""
        for split, folder, classes in (
            (TRAIN, TRAIN, self.train),
            ("test", self.test_folder, self.test),
        ):
            for label, (name, files) in enumerate(classes.items()):
                for file, *_ in files:
                    yield split, label, join(self.base, folder, name, file)


def said(skipped: list[str]) -> str:
    """Return how many entries were skipped, and the names of the first; '' where there are none."""
    if not skipped:
        return ""
    what = "entry that is no image" if len(skipped) == 1 else "entries that are no images"
    return f"skipped {len(skipped):,} {what}: {some(skipped)}"


def read(tree: Tree, address: str, *, whole: bool = True) -> Layout:
    """Find the splits, and the images of each class. Raises DataError where that is ambiguous, a
    class lacks a split, or an image lies elsewhere; and, if it is to be `whole`, where this is a
    copy that is still being made."""
    levels = list(descend(tree))
    if whole and any(UNFINISHED in level.files for level in levels):
        raise DataError(
            f"{address} is not whole: `sweeps images resize` was interrupted there, or is at work; "
            "run it again"
        )
    base = levels[-1]
    if not levels[0].folders:
        what = "no folders, but files" if levels[0].files else "an empty folder"
        raise DataError(f"there are no images at {address}: {what}")
    strangers = [path for path in base.nested if holds_classes(tree, path)]
    if not base.complete or strangers:
        raise DataError(
            f"{address} must have one train/<class>/ and either one test/<class>/ or one "
            "val/<class>/, at its top or in the one folder there; "
            f"found {described(levels, strangers)}"
        )
    train = _split(tree, base.path, TRAIN)
    test, others = _test(tree, base, address)
    skipped = [path for level in levels for path in level.skipped()] + others
    skipped += train.skipped + test.skipped
    for split in (train, test):
        _check(split, address, skipped)
    layout = Layout(base.path, test.name, train.ordered(), test.ordered(), sorted(skipped))
    for split, other in ((train, test), (test, train)):
        if lacking := sorted(set(map(_normal, other.classes)) - set(map(_normal, split.classes))):
            more = f", and so have {len(lacking) - 1} more" if len(lacking) > 1 else ""
            raise DataError(
                f"{address}: the class {lacking[0]!r} has no images in {split.name}{more}"
            )
    return layout


# --- the images of a split ----------------------------------------------------------------


@dataclass
class _Split:
    name: str
    classes: Classes = field(default_factory=dict)
    misplaced: list[str] = field(default_factory=list)
    """Images that lie in no class's folder, or deeper."""
    skipped: list[str] = field(default_factory=list)

    def ordered(self) -> Classes:
        return {name: sorted(self.classes[name]) for name in sorted(self.classes, key=_normal)}


def _split(tree: Tree, base: str, name: str) -> _Split:
    split, ignored, path = _Split(name), set(), join(base, name)
    for folder, files in tree.below(path):
        parts = folder.split("/") if folder else []
        if hidden := next((at for at, part in enumerate(parts) if is_ignored(part)), -1) + 1:
            ignored.add(join(path, *parts[:hidden]) + "/")
            continue
        images = [file for file in files if is_image(file[0])]
        if len(images) < len(files):
            others = [name for name, *_ in files if not is_image(name)]
            split.skipped += [join(path, folder, name) for name in others]
        if len(parts) != 1:
            split.misplaced += [join(path, folder, file) for file, *_ in images]
        elif images:
            split.classes[folder] = images
        elif not files:
            split.skipped.append(f"{join(path, folder)}/")
    split.skipped += ignored
    return split


def _test(tree: Tree, base: Level, address: str) -> tuple[_Split, list[str]]:
    """Return the test split, and what is skipped for it: its other name, if no class is there."""
    found = [_split(tree, base.path, name) for name in TESTS if name in base.here]
    held = [split for split in found if split.classes]
    if len(held) > 1:
        both = " and ".join(f"{join(base.path, split.name)}/<class>/" for split in held)
        raise DataError(f"{address} has images in both {both}; which of them is the test split?")
    chosen = held[0] if held else found[0]
    others = [f"{join(base.path, split.name)}/" for split in found if split is not chosen]
    return chosen, others


def _check(split: _Split, address: str, skipped: list[str]) -> None:
    if split.misplaced:
        first, more = min(split.misplaced), len(split.misplaced) - 1
        others = f", and {more:,} more" if more else ""
        raise DataError(
            f"{address}: {first} does not lie directly in a class's folder, train/<class>/ or "
            f"test/<class>/ or val/<class>/{others}"
        )
    if not split.classes:
        also = said(skipped)
        raise DataError(
            f"{address} has no images under {split.name}/<class>/{also and f' ({also})'}"
        )
    names: dict[str, str] = {}
    for folder in split.classes:
        if (other := names.setdefault(_normal(folder), folder)) != folder:
            raise DataError(
                f"{address}: {split.name} has two folders of one class, whose names differ in "
                f"Unicode's form alone: {other!a} and {folder!a}"
            )


def _normal(name: str) -> str:
    """Return a name as others spell it: macOS writes é as two characters."""
    return unicodedata.normalize("NFC", name)
