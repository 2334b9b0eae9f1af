"""Which folder below an address holds the splits' folders: one `train` and a `test` or `val`.

It is the top, or the one folder there. Nothing is chosen where there are more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trainables.data.images.trees import Tree, is_ignored, is_image, join

TRAIN, TESTS = "train", ("val", "test")
SPLITS = (TRAIN, *TESTS)
"""Names of the splits' folders."""

ASIDE = "unreadable"
"""Folder beside the splits where images go that are set aside."""

UNFINISHED = ".resizing"
"""Lies in a copy that `trainables.data.images.resizing` has not finished."""

NAMED = 5
"""So many of what was found or skipped are named, the rest is counted."""


def may_hold(path: str) -> bool:
    """Return whether a file could be an image of a class, before all of an archive is known."""
    *above, name = path.split("/")
    if len(above) < 2 or above[-2] not in SPLITS or any(map(is_ignored, above)):
        return False
    return is_image(name)


def watched(tree: Tree) -> list[str]:
    """Return the folders that hold classes, or could: what has to stay as it is."""
    return [
        path
        for level in descend(tree)
        for path in [join(level.path, split) for split in level.here] + level.nested
    ]


@dataclass(frozen=True)
class Level:
    """A folder on the way from the address to the splits."""

    path: str
    folders: list[str]
    files: list[str]
    here: list[str]
    """Names of the splits' folders in it."""
    nested: list[str]
    """Paths of the splits' folders in its other folders."""
    inner: str = ""
    """The one folder in which the splits lie if they are not here."""

    @property
    def complete(self) -> bool:
        return TRAIN in self.here and len(self.here) > 1

    def skipped(self) -> list[str]:
        taken = self.here if self.complete else [self.inner]
        names = [f"{name}/" for name in self.folders if name not in (*taken, ASIDE)]
        names += [name for name in self.files if name != UNFINISHED]
        return [join(self.path, name) for name in names]


def descend(tree: Tree) -> Iterator[Level]:
    """Yield the folders from the top to that of the splits, or as far as there is but one way."""
    path = ""
    while True:
        folders, files = tree.names(path)
        here = [split for split in SPLITS if split in folders]
        others = [one for one in folders if not (one in SPLITS or one == ASIDE or is_ignored(one))]
        nested = [
            inside
            for other in others
            for split in SPLITS
            if tree.is_folder(inside := join(path, other, split))
        ]
        level = Level(path, folders, files, here, nested)
        if not level.complete:
            inner = _inner(tree, level, others)
            level = Level(path, folders, files, here, nested, inner)
        yield level
        if not level.inner:
            return
        path = join(path, level.inner)


def _inner(tree: Tree, level: Level, others: list[str]) -> str:
    """Return the only folder in which the splits can lie, '' where there are more or none."""
    ways = {path.split("/")[-2] for path in level.nested}
    if ways and level.here:
        return ""
    if len(ways) > 1:
        ways = {path.split("/")[-2] for path in level.nested if holds_classes(tree, path)}
    ways = ways or {*others, *level.here}
    return ways.pop() if len(ways) == 1 else ""


def holds_classes(tree: Tree, split: str) -> bool:
    """Return whether a folder holds folders of images."""
    folders = (join(split, name) for name in tree.names(split)[0] if not is_ignored(name))
    return any(is_image(name) for folder in folders for name in tree.names(folder)[1])


def described(levels: list[Level], strangers: list[str]) -> str:
    """Return what there is in the place of the one pair of splits, in words."""
    for level in levels[-1:] if strangers else levels:
        splits = [join(level.path, split) for split in level.here]
        splits += strangers or level.nested
        if splits:
            return some(splits)
    folders = [f"{name}/" for name in levels[0].folders]
    return f"only {some(folders)}" if folders else "no folders"


def some(names: list[str]) -> str:
    """Return the first names, those at the top before those that lie deeper."""
    ordered = sorted(names, key=lambda name: (name.count("/"), name))
    return ", ".join(ordered[:NAMED]) + (", ..." if len(ordered) > NAMED else "")
