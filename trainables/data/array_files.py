"""A file of arrays as a data set: `.npz` or `.safetensors`, by a path or any fsspec URL."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainables.addresses import filesystem
from trainables.data.errors import DataError, one_line
from trainables.data.images.trees import changed, is_local

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

    from trainables.data.decoded import Decoded

SUFFIXES = (".npz", ".safetensors")

RULES = "arrays 1"
"""Version of how arrays are taken: what other rules named is read again."""


def is_array_file(address: str) -> bool:
    """Return whether an address is taken for a file of arrays, by its end."""
    return address.lower().endswith(SUFFIXES)


@dataclass(frozen=True)
class ArrayFile:
    """The arrays in a file as a data set."""

    address: str

    @property
    def doing(self) -> str:
        return f"reading {self.address}"

    @property
    def changed(self) -> str:
        return f"the arrays of {self.address} have changed since the sweep was planned"

    def note(self) -> str:
        """Return the name of the note, which is another when size or time of the file are."""
        fs, root = self._found()
        try:
            entry = fs.info(root)
        except Exception as error:  # libraries have their own, for credentials say
            raise self._unreadable(error) from None
        seen = json.dumps([RULES, root, entry.get("size"), changed(entry)])
        return f"address-{hashlib.sha256(seen.encode()).hexdigest()[:16]}"

    def read(self, announce: Callable[[str], None]) -> tuple[str, Decoded]:
        """Return content name and examples. Raises DataError."""
        from trainables.data.arrays import arranged

        fs, root = self._found()
        read = _safetensors if self.address.lower().endswith(".safetensors") else _npz
        try:
            given = read(fs, root)
        except Exception as error:  # damaged in any way
            raise self._unreadable(error) from None
        return arranged(given, self.address)

    def _found(self) -> tuple[AbstractFileSystem, str]:
        try:
            fs, root = filesystem(self.address)
            there = fs.exists(root)
        except Exception as error:
            raise self._unreadable(error) from None
        if not there:
            raise DataError(f"there are no arrays at {self.address}: no such file")
        return fs, root

    def _unreadable(self, error: Exception) -> DataError:
        return DataError(f"cannot read the arrays of {self.address}: {one_line(error)}")


def _npz(fs: AbstractFileSystem, root: str) -> Mapping[str, Any]:
    """Pickles are never loaded."""
    import numpy as np

    file = Path(root) if is_local(fs) else io.BytesIO(fs.cat_file(root))
    if not zipfile.is_zipfile(file):
        raise ValueError("it is no .npz file, as numpy.savez writes it")
    with np.load(file, allow_pickle=False) as held:
        return dict(held)


def _safetensors(fs: AbstractFileSystem, root: str) -> Mapping[str, Any]:
    import safetensors.torch

    if is_local(fs):
        return safetensors.torch.load_file(root)
    return safetensors.torch.load(fs.cat_file(root))
