"""CIFAR-10 as a folder of JPEGs: for trying what streams images, without a folder of one's own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from PIL import Image
from torch import Tensor

from trainables.data import torchvision_sets
from trainables.data.caches import locked
from trainables.data.errors import DataError, one_line
from trainables.data.table import ROWS

CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
QUALITY = 95


def write(target: Path, folder: Path) -> None:
    """`train|test/<class>/<number>.jpg` from torchvision's CIFAR-10 in `folder`, unless there.

    Complete or absent. Raises DataError where CIFAR-10 cannot be had, or not be written.
    """
    if target.exists():
        return
    with locked(target):
        if target.exists():
            return
        row = ROWS["cifar10"]
        images = torchvision_sets.read("cifar10", folder, **row.arguments)
        partial = target.with_name(f"{target.name}.partial-{os.getpid()}")
        try:
            _write(partial / "train", images.train_images, images.train_labels)
            _write(partial / "test", images.test_images, images.test_labels)
            partial.rename(target)
        except OSError as error:
            raise DataError(f"cannot write {target}: {one_line(error)}") from None
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def _write(folder: Path, images: Tensor, labels: Tensor) -> None:
    for name in CLASSES:
        (folder / name).mkdir(parents=True)
    for number, (pixels, label) in enumerate(zip(images.numpy(), labels.tolist(), strict=True)):
        path = folder / CLASSES[label] / f"{number:05d}.jpg"
        Image.fromarray(pixels).save(path, quality=QUALITY)
