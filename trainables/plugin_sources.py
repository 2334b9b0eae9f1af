"""Sources of a user's own code: which modules of a folder belong together, and their hash.

Nothing is imported to find out. The import statements of the sources say it.
"""

from __future__ import annotations

import ast
import hashlib
import io
import tokenize
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.util import decode_source
from pathlib import Path

MAX_BYTES = 5_000_000
MAX_MODULES = 1_000
"""Limits of what one sweep carries to its workers."""

DIGITS = 12
"""Hex digits of a source's hash."""


class UnusableError(ValueError):
    """Why own code cannot be used, without the name of what was asked for."""


@dataclass(frozen=True)
class Source:
    """A module as it was read."""

    module: str
    file: str
    """Path below its folder, with `/`."""
    content: bytes

    @property
    def is_package(self) -> bool:
        return self.file.endswith("/__init__.py")


class Folder:
    """The modules of a folder, each as it was when it was first read."""

    def __init__(self, path: Path, carried: Iterable[Source] | None = None):
        """Read from `path`; or have just the modules `carried`, which were read from there."""
        self.path = path
        self._complete = carried is not None
        self._sources: dict[str, Source | None] = {one.module: one for one in carried or ()}
        self._imports: dict[str, set[str]] = {}

    def source(self, module: str) -> Source | None:
        """Return a module's source, or None if the folder has none. Raises UnusableError."""
        if module not in self._sources and not self._complete:
            self._sources[module] = self._read(module)
        return self._sources.get(module)

    def closure(self, module: str, belongs: Callable[[str], bool] = bool) -> list[Source]:
        """Return a module and every module of this folder that it imports, sorted by name.

        Modules that those import belong to it, too, and the packages in which any of them lies;
        none whose top-level name `belongs` says no to. Raises UnusableError where a source cannot
        be read or is no Python.
        """
        found: dict[str, Source] = {}
        seen, wanted, size = set(), {module}, 0
        while wanted:
            name = wanted.pop()
            seen.add(name)
            source = self.source(name) if belongs(top(name)) else None
            if source is not None:
                found[name] = source
                size += len(source.content)
                if len(found) > MAX_MODULES or size > MAX_BYTES:
                    raise UnusableError(
                        f"it imports too much from {self.path}: at most {MAX_MODULES:,} modules "
                        f"and {MAX_BYTES:,} bytes"
                    )
                wanted |= self._imported_by(source)
            wanted = (wanted | set(_parents(name))) - seen
        return [found[name] for name in sorted(found)]

    def _imported_by(self, source: Source) -> set[str]:
        if source.module not in self._imports:
            self._imports[source.module] = set(_imports(source, self.path))
        return self._imports[source.module]

    def _read(self, module: str) -> Source | None:
        stem = module.replace(".", "/")
        for file in (f"{stem}/__init__.py", f"{stem}.py"):
            path = self.path / file
            try:
                if not path.is_file():
                    continue
                if path.stat().st_size > MAX_BYTES:
                    raise UnusableError(f"{path} is too large: at most {MAX_BYTES:,} bytes")
                return Source(module, file, path.read_bytes())
            except OSError as error:
                raise UnusableError(f"cannot read {path}: {error.strerror}") from None
        return None


def top(module: str) -> str:
    """Return the top-level name of a module: `lab` of `lab.nets`."""
    return module.partition(".")[0]


def digest(sources: Iterable[Source]) -> str:
    """Return a hash of what modules say, in hex: comments, blank lines and line ends do not count.

    It is the same under every version of Python. Sources must be readable: see `Folder.closure`.
    """
    found = hashlib.sha256()
    for source in sources:
        text = normalized(decode_source(source.content)).encode("utf-8", "surrogatepass")
        found.update(f"{source.module}\0{len(text)}\0".encode())
        found.update(text)
    return found.hexdigest()[:DIGITS]


def normalized(text: str) -> str:
    """Return a source without comments, blank lines and white space at the ends of lines.

    Strings stay as they are, also those over several lines.
    """
    text = text.rstrip() + "\n"
    lines = text.split("\n")
    blank = {len(lines)}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        row, column = token.start
        if token.type == tokenize.COMMENT:
            lines[row - 1] = lines[row - 1][:column]
        elif token.type in (tokenize.NEWLINE, tokenize.NL):  # outside of any string
            lines[row - 1] = lines[row - 1].rstrip()
            if not lines[row - 1]:
                blank.add(row)
    return "\n".join(line for row, line in enumerate(lines, 1) if row not in blank)


def _imports(source: Source, folder: Path) -> Iterator[str]:
    """Yield the names that may be modules which a source imports, wherever in it."""
    try:
        tree = ast.parse(decode_source(source.content))
    except SyntaxError as error:
        where = f"{source.file}:{error.lineno}" if error.lineno else source.file
        raise UnusableError(f"SyntaxError: {error.msg} ({where})") from None
    except (ValueError, RecursionError, MemoryError) as error:  # bytes that are no text, say
        raise UnusableError(f"{folder / source.file} is no Python source: {error}") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base(source, node)
            if base is not None:
                yield from (base, *(f"{base}.{alias.name}" for alias in node.names))


def _base(source: Source, node: ast.ImportFrom) -> str | None:
    """Return what `from ... import` names, None if it is above the folder."""
    if node.level == 0:
        return node.module
    parts = source.module.split(".")
    strip = node.level - source.is_package
    if strip >= len(parts):
        return None
    above = parts[: len(parts) - strip]
    return ".".join([*above, node.module] if node.module else above)


def _parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]
