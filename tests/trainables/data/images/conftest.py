"""Small folders of photograph-like JPEGs."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.pictures import picture
from trainables.data import loading
from trainables.data.images import listed
from trainables.data.split import Dataset
from trainables.data.streamed import Streamed

COUNTS = {"train/ant": 5, "train/Dog": 4, "train/cat": 6, "val/ant": 2, "val/Dog": 1, "val/cat": 2}
SIZE = 32

Opening = Callable[..., Dataset[Streamed]]


def encoded(seed: int, width: int = 60, height: int = 45, kind: str = "JPEG", mode: str = "RGB"):
    out = io.BytesIO()
    Image.fromarray(picture(seed, width, height)).convert(mode).save(out, kind)
    return out.getvalue()


@pytest.fixture(scope="session")
def contents() -> dict[str, bytes]:
    """Path -> JPEG, of several sizes."""
    made, seed = {}, 0
    for where, number in COUNTS.items():
        for image in range(number):
            seed += 1
            made[f"{where}/{image}.JPEG"] = encoded(seed, 50 + 7 * (seed % 5), 40 + 9 * (seed % 4))
    return made


@pytest.fixture
def lay(tmp_path: Path) -> Callable[[dict[str, bytes]], Path]:
    """Writes files to a folder."""

    def write(files: dict[str, bytes], name: str = "images") -> Path:
        for path, content in files.items():
            target = tmp_path / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return tmp_path / name

    return write


@pytest.fixture
def images(lay: Callable[[dict[str, bytes]], Path], contents: dict[str, bytes]) -> Path:
    return lay(contents)


@pytest.fixture
def opened(tmp_path: Path) -> Opening:
    """The data at an address."""

    def open_(address: object, size: int = SIZE, scaling: str = "standardize") -> Dataset[Streamed]:
        data = tmp_path / "data"
        return loading.streamed(listed.find(str(address), data), scaling, size, data)

    return open_
