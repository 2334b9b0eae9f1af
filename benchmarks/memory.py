"""Memory of a process that trains: how much, and whether it grows.

Every benchmark runs in a process of its own (`benchmarks.one`), which is what is measured here.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.harness import Row, Setting, Spread, Target
from benchmarks.training import LENET, RESNET20, Ours, initial, random_images
from trainables import data

LENET_START, LENET_END = 100, 10_000
RESNET20_START, RESNET20_END = 140, 180
"""Iterations whose peaks of memory are compared."""

GROWTH = 1.02
"""At most, over LeNet's 10,000. ResNet-20 has no bound: its few iterations can't show one."""

RESNET20_EXAMPLES = 50_000
"""CIFAR-10's training set."""


def lenet(setting: Setting) -> list[Row]:
    training = Ours(LENET, initial(LENET), data.load(LENET, setting.data).train)
    return [_row(setting, "LeNet-300-100", training, LENET_START, LENET_END, GROWTH)]


def resnet20(setting: Setting) -> list[Row]:
    training = Ours(RESNET20, initial(RESNET20), random_images(RESNET20_EXAMPLES))
    return [_row(setting, "ResNet-20", training, RESNET20_START, RESNET20_END)]


def _row(
    setting: Setting, network: str, training: Ours, start: int, end: int, most: float | None = None
) -> Row:
    start, end = setting.effort.of(start), setting.effort.of(end)
    training.advance(start)
    before = megabytes("VmHWM")
    training.advance(end - start)
    after = megabytes("VmHWM")
    return Row(
        work=f"{network} training: most resident memory up to iteration {end:,} (ours) / {start:,}",
        ours=Spread.once(after),
        unit="MB",
        against=Spread.once(before),
        ratio=Spread.once(after / before),
        target=None if most is None else Target(most=most),
        note="the whole process with its data, of which "
        f"{megabytes('RssFile'):,.0f} MB are libraries' files that processes share",
    )


def megabytes(name: str) -> float:
    """A size of this process as Linux states it. (`getrusage`'s peak may be the parent's.)"""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise LookupError(name)
