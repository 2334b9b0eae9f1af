"""A user's own code in this process: modules of one folder, and of installed packages.

Modules of the folder are imported from memory, as they were when they were first read. So what
runs is what was hashed, and workers run the driver's sources whether or not they have the folder.
Such a module never takes the place of one that can be imported without it.
"""

from __future__ import annotations

import importlib.abc
import socket
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module, metadata
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from trainables.fingerprint import PACKAGES
from trainables.plugin_sources import Folder, Source, UnusableError, digest, top


@dataclass(frozen=True)
class OwnCode:
    """The own code that a sweep uses, as it travels to workers."""

    folder: str = ""
    """Where the driver looked for it; empty where it did not."""
    sources: tuple[Source, ...] = ()
    """The modules of the folder that are used, with all that they import from it."""
    installed: tuple[tuple[str, str], ...] = ()
    """Used modules that must be installed everywhere, and what identifies their code."""

    @property
    def digest(self) -> str:
        """Hash of the sources; empty if there are none."""
        return digest(self.sources) if self.sources else ""


class _Process:
    """What own code this process knows."""

    def __init__(self, folder: Folder | None = None, own: Sequence[Source] = ()):
        self.folder = folder
        self.sources = {one.module: one for one in own}
        """Modules of the folder that may be imported."""
        self.installed: dict[str, str] = {}
        """Other modules that were asked for, and their identity, empty where there is none."""
        self.imported: set[str] = set()
        """Names in `sys.modules` that were imported from the folder."""


_process = _Process()


def use(folder: Path | None) -> None:
    """Look for own code in a folder from now on; modules that were imported are forgotten."""
    _begin(_Process(Folder(folder.absolute()) if folder else None))


def here() -> OwnCode:
    """Return the own code that was imported since the last `use`."""
    own = tuple(_process.sources[name] for name in sorted(_process.sources))
    folder = str(_process.folder.path) if _process.folder and own else ""
    return OwnCode(folder, own, tuple(sorted(_process.installed.items())))


def adopt(own: OwnCode) -> str | None:
    """Make this process use the own code of a driver. Return one line where it cannot."""
    if here() == own:
        return None
    folder = Folder(Path(own.folder), own.sources) if own.sources else None
    _begin(_Process(folder, own.sources))
    machine = socket.gethostname()
    try:
        _check_names(own.sources)
    except UnusableError as error:
        return f"a worker on {machine} cannot use the own code of this sweep: {error}"
    for name, ours in own.installed:
        theirs = _process.installed[name] = _installed_identity(name)
        if theirs != ours:
            return (
                f"a worker on {machine} has {theirs or 'nothing'} as {name}, the driver {ours}: "
                "install the same on both"
            )
    return None


def sources(module: str) -> list[Source]:
    """Return a module of the folder with all that it imports from there; empty if it has none.

    Raises UnusableError, as `imported` does.
    """
    folder = _process.folder
    if folder is None or top(module) in PACKAGES or folder.source(module) is None:
        return []
    found = folder.closure(module, lambda name: name not in PACKAGES)
    _check_names(found)
    return found


def imported(module: str) -> ModuleType:
    """Import a module of the folder, or an installed one.

    Raises UnusableError if there is none, if one of the folder has the name of an installed one, or
    if its sources cannot be read; and what the module raises.
    """
    found = {one.module: one for one in sources(module)}
    if found:
        for name in found.keys() - _process.sources.keys():
            sys.modules.pop(name, None)  # it was imported in another way, from a file
        _process.sources |= found
        _find_first()
    elif _elsewhere(top(module)) is None:
        place = f"in {_process.folder.path}" if _process.folder else "(--plugins FOLDER)"
        raise UnusableError(f"there is no module {module} {place}, and none is installed")
    elif module not in _process.installed:
        _process.installed[module] = _installed_identity(module)
    return import_module(module)


def identity(module: str) -> str:
    """Return what identifies the code of an imported module.

    It is a hash of the module and all that it imports from its folder. A package that was installed
    to stay as it is (not editable) has `package==version`. Raises UnusableError where there is no
    source.
    """
    if found := sources(module):
        return digest(found)
    if not _process.installed[module]:
        raise UnusableError(f"the module {module} has no Python source that can be read")
    return _process.installed[module]


def shown(filename: str) -> str | None:
    """Return how errors name a file of own code; None for any other file."""
    if _process.folder is not None:
        for one in _process.sources.values():
            if filename == str(_process.folder.path / one.file):
                return one.file
    for name in _process.installed:
        module = sys.modules.get(name)
        if module is not None and getattr(module, "__file__", None) == filename:
            return filename
    return None


def _begin(process: _Process) -> None:
    global _process
    for name in (*_process.imported, *process.sources):
        sys.modules.pop(name, None)
    _process = process
    _find_first()


def _find_first() -> None:
    if _process.sources and _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)


def _check_names(found: Sequence[Source]) -> None:
    """Raise UnusableError where a module has the name of one that can be imported without it."""
    folder = _process.folder.path if _process.folder else Path()
    for own in {top(one.module): one for one in reversed(found)}.values():
        name = top(own.module)
        spec = _elsewhere(name)
        if spec is None:
            continue
        path = folder / own.file
        places = [spec.origin] if spec.origin else list(spec.submodule_search_locations or ())
        if all(_same(Path(place), path, own) for place in places):
            continue
        raise UnusableError(
            f"{path} has the name of an installed module, {name} in {places[0]}: rename it"
        )


def _same(place: Path, path: Path, own: Source) -> bool:
    """Whether what was found in a place is the module itself, found in another way, or a copy."""
    try:
        real, there = path.resolve(), place.resolve()
        if there == real or there in real.parents:
            return True
        return place.is_file() and place.read_bytes() == own.content
    except OSError:
        return False


def _elsewhere(name: str) -> ModuleSpec | None:
    """Return how a top-level module is found without the folder, if it is."""
    for finder in sys.meta_path:
        if finder is not _FINDER and (spec := finder.find_spec(name, None)) is not None:
            return spec
    return None


def _folder_of(module: str) -> Folder | None:
    """Return the folder of sys.path, say, in which an installed module lies."""
    spec = _elsewhere(top(module))
    if spec is None:
        return None
    places = [Path(place).parent for place in spec.submodule_search_locations or ()]
    if not places and spec.has_location and spec.origin:
        places = [Path(spec.origin).parent]
    folders = [Folder(place) for place in places]
    return next((one for one in folders if one.source(module)), None)


def _installed_identity(module: str) -> str:
    """Return the identity of a module that is not the folder's; empty where it has no source."""
    folder = _folder_of(module)
    if folder is None:
        return ""
    for name in metadata.packages_distributions().get(top(module), ()):
        package = metadata.distribution(name)
        if Path(str(package.locate_file(""))) == folder.path:
            return f"{name}=={package.version}"
    shared = {"site-packages", "dist-packages"} & set(folder.path.parts)
    if folder.path == Path(sysconfig.get_path("stdlib")):
        shared.add("stdlib")
    try:
        return digest(folder.closure(module, lambda name: not shared or name == top(module)))
    except UnusableError:
        return ""


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the modules of `_process.sources`. It comes first: none of them can be found twice."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        folder, own = _process.folder, _process.sources
        if folder is None:
            return None
        if source := own.get(name):
            _process.imported.add(name)
            file = folder.path / source.file
            return spec_from_file_location(
                name,
                str(file),
                loader=_Loader(source, str(file)),
                submodule_search_locations=[str(file.parent)] if source.is_package else None,
            )
        if any(one.startswith(f"{name}.") for one in own):  # a package without __init__.py
            _process.imported.add(name)
            spec = ModuleSpec(name, None, is_package=True)
            spec.submodule_search_locations = [str(folder.path.joinpath(*name.split(".")))]
            return spec
        if top(name) in map(top, own) and folder.source(name):
            raise ModuleNotFoundError(
                f"{name} is imported by no import statement, so it would not reach the workers",
                name=name,
            )
        return None


class _Loader(SourceFileLoader):
    """Loads a module from a source that was read; it neither looks at files nor writes one."""

    def __init__(self, source: Source, path: str):
        super().__init__(source.module, path)
        self._content = source.content

    def get_data(self, path: str) -> bytes:
        return self._content if path == self.path else super().get_data(path)

    def path_stats(self, path: str) -> Any:
        raise OSError  # there is no byte code of it


_FINDER = _Finder()
