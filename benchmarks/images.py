"""Images per second and core, decoded and cropped: against torchvision's folder and transforms.

Ours gives bytes, which the device scales; torchvision's usual pipeline, as its reference scripts
have it, floats that are normalised by the process that loads.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Generator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import ImageFolder

from benchmarks.harness import Row, Setting, Spread, Target, core, estimate
from benchmarks.pictures import fill
from trainables.data import loading
from trainables.data.images import listed
from trainables.data.images.crops import short_side
from trainables.data.streamed import DEVIATION, MEAN, Request, Streamed

BATCH = 32
BATCHES, LEAST = 24, 6
"""Timed in each repeat; the clock of processor time counts hundredths of seconds."""
BEFORE = 4
"""Not timed: the process starts."""
CLASSES, TRAIN, VAL = 2, 16, 16
SIZE = 224

NOTE = (
    "made-up JPEGs of ImageNet's sizes (500x375, 115 KB) to 224x224; one process that loads, one "
    "thread; processor time of that process and of the one it loads for"
)


def measure(setting: Setting) -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder / "images", classes=CLASSES, train=TRAIN, val=VAL)
        found = listed.find(str(folder / "images"), folder / "data")
        dataset = loading.streamed(found, "standardize", SIZE, folder / "data")
        train = folder / "images/train"
        random = _row(setting, "random resized crop with flip", dataset.train, train)
        planned, measured = 1000 * SIZE**2 * core().seconds_per_pixel, 1000 / random.ours.median
        return [
            random,
            _row(setting, "centre crop", dataset.test, folder / "images/val"),
            estimate("decode and random resized crop of an image", planned, measured, "ms"),
        ]


def _row(setting: Setting, what: str, data: Streamed, folder: Path) -> Row:
    number = max(LEAST, setting.effort.of(BATCHES))
    training = folder.name == "train"
    pairs = [
        (_rate(_ours(data, training), number), _rate(_torchvision(folder, training), number))
        for _ in range(setting.effort.repeats)
    ]
    return Row(
        work=f"decode and {what}: images/s of a core; against torchvision's ImageFolder",
        ours=Spread.of(one for one, _ in pairs),
        unit="images/s",
        against=Spread.of(other for _, other in pairs),
        ratio=Spread.of(one / other for one, other in pairs),
        target=Target(least=1.5),
        note=NOTE,
    )


def _ours(data: Streamed, training: bool) -> Generator[object]:
    requests = (
        Request(indices, 1 if training else None, epoch)
        for epoch in count()
        for indices in torch.randperm(len(data)).split(BATCH)
    )
    return data.batches(requests, decoders=1)


def _torchvision(folder: Path, training: bool) -> Generator[object]:
    cropped: list[Callable[[Any], Any]] = (
        [transforms.RandomResizedCrop(SIZE), transforms.RandomHorizontalFlip()]
        if training
        else [transforms.Resize(short_side(SIZE)), transforms.CenterCrop(SIZE)]
    )
    scaled = [transforms.ToTensor(), transforms.Normalize(MEAN, DEVIATION)]
    data = ImageFolder(str(folder), transforms.Compose(cropped + scaled))
    endless = (index for _ in count() for index in torch.randperm(len(data)).tolist())
    yield from DataLoader(data, BATCH, sampler=endless, num_workers=1)


def _rate(batches: Generator[object], number: int) -> float:
    """Images of so many batches over the processor time that they took, in all processes.

    The process that loads is the slower one: little is held ready, at the start and at the end.
    """
    for _ in range(BEFORE):
        next(batches)
    begin = _processor_seconds()
    for _ in range(number):
        next(batches)
    rate = number * BATCH / (_processor_seconds() - begin)
    batches.close()
    return rate


def _processor_seconds() -> float:
    """Of this process and all that come from it."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            values = path.read_text().rpartition(")")[2].split()
            pid = int(path.parent.name)
            parents[pid], ticks[pid] = int(values[1]), int(values[11]) + int(values[12])

    def ours(pid: int) -> bool:
        return pid == os.getpid() or (pid in parents and ours(parents[pid]))

    return sum(ticks[pid] for pid in ticks if ours(pid)) / os.sysconf("SC_CLK_TCK")
