"""Shared by the tests of data: where real data may lie, small images, and no network."""

from __future__ import annotations

import io
import itertools
import os
import tarfile
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn
from urllib.error import URLError

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from trainables.data import ROWS, Facts
from trainables.data.decoded import Decoded
from trainables.data.errors import DataError

Pictures = dict[str, NDArray[np.uint8]]
"""Path -> pixels [H, W] or [H, W, 3]."""

COUNTS = {
    "train/cat": ("10.png", "9.png"),
    "train/Dog": ("b.png", "a.png", "c.png"),
    "train/ant": ("x.png",),
    "test/cat": ("1.png",),
    "test/Dog": ("2.png", "1.png"),
    "test/ant": ("1.png",),
}


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of data that tests may read and never fetch."""
    beside = Path(__file__).parents[3].parent / "shared" / "data"
    return Path(os.environ.get("SWEEPS_TEST_DATA", beside))


@pytest.fixture(autouse=True)
def _nothing_under_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))


@pytest.fixture
def with_facts(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Facts], None]:
    """Give a data set of the table other facts, that made-up files can have."""

    def change(name: str, facts: Facts) -> None:
        row = ROWS[name]
        arguments = dict(row.arguments) | ({"facts": facts} if "facts" in row.arguments else {})
        monkeypatch.setitem(ROWS, name, replace(row, sizes=facts, arguments=arguments))

    return change


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(request: object, *arguments: object, **options: object) -> NoReturn:
        raise URLError("there is no network\nin this test")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)


class Making:
    """Small images, and folders and archives of them."""

    @staticmethod
    def pictures(channels: int = 3, seed: int = 0) -> Pictures:
        """Of 5x4 pixels: uneven classes; paths in no order."""
        generator = np.random.default_rng(seed)
        shape = (4, 5) if channels == 1 else (4, 5, 3)
        return {
            f"{where}/{name}": generator.integers(0, 256, shape, dtype=np.uint8)
            for where, names in COUNTS.items()
            for name in names
        }

    @staticmethod
    def expected(pictures: Pictures, split: str) -> tuple[NDArray[np.uint8], list[int]]:
        """Pixels [N, H, W, C] and labels, in order of class and path."""
        classes = sorted({path.split("/")[1] for path in pictures})
        found = [
            (label, pictures[path])
            for label, name in enumerate(classes)
            for path in sorted(pictures)
            if path.startswith(f"{split}/{name}/")
        ]
        pixels = np.stack([np.atleast_3d(picture) for _, picture in found])
        return pixels, [label for label, _ in found]

    @classmethod
    def check(cls, found: Decoded, pictures: Pictures) -> None:
        for split in ("train", "test"):
            pixels, labels = cls.expected(pictures, split)
            held = getattr(found, f"{split}_images")
            assert held.dtype == torch.uint8
            assert held.is_contiguous()
            assert np.array_equal(held.numpy(), pixels)
            assert getattr(found, f"{split}_labels").dtype == torch.int64
            assert getattr(found, f"{split}_labels").tolist() == labels

    @staticmethod
    def encoded(pixels: NDArray[np.uint8], kind: str = "PNG") -> bytes:
        content = io.BytesIO()
        Image.fromarray(pixels).save(content, kind)
        return content.getvalue()

    @classmethod
    def files(cls, pictures: Pictures) -> dict[str, bytes]:
        return {path: cls.encoded(pixels) for path, pixels in pictures.items()}

    @staticmethod
    def folder(place: Path, files: dict[str, bytes]) -> Path:
        for path, content in files.items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_bytes(content)
        return place

    @staticmethod
    def archive(
        files: dict[str, bytes],
        *,
        kind: str = "",
        top: str = "",
        order: Iterable[str] | None = None,
        links: dict[str, tuple[bytes, str]] | None = None,
    ) -> bytes:
        """A tar, compressed by `kind`; `links` are type and target by path."""
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode=f"w:{kind}") as tar:  # type: ignore[call-overload]
            for path in order or files:
                member = tarfile.TarInfo(top + path)
                member.size = len(files[path])
                tar.addfile(member, io.BytesIO(files[path]))
            for path, (link, target) in (links or {}).items():
                member = tarfile.TarInfo(path)
                member.type, member.linkname = link, target
                tar.addfile(member)
        return content.getvalue()


@pytest.fixture(scope="session")
def making() -> type[Making]:
    return Making


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., str]:
    """Files as a folder or archive -> its address."""
    numbers = itertools.count()

    def write(files: dict[str, bytes], form: str = "folder", **options: Any) -> str:
        path = tmp_path / f"images{next(numbers)}.{form}"
        if form == "folder":
            return str(Making.folder(path, files))
        path.write_bytes(Making.archive(files, kind=form[4:], **options))
        return str(path)

    return write


@pytest.fixture(scope="session")
def error_line() -> Callable[..., str]:
    """The one line that a call's DataError has."""

    def line(call: Callable[..., object], *arguments: object) -> str:
        with pytest.raises(DataError) as caught:
            call(*arguments)
        text = str(caught.value)
        assert text
        assert "\n" not in text
        assert "object at 0x" not in text
        return text

    return line
