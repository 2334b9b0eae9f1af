"""Counts, interleaved timing, spreads, and the rows that benchmarks return."""

from __future__ import annotations

import ctypes
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

import torch

from sweeps.machine.this import this_core
from sweeps.placement import WORKER_ENVIRONMENT
from sweeps.plan.hardware import Hardware

THREADS = 1
"""Of every process that trains or measures, as in a sweep's workers."""


@dataclass(frozen=True)
class Effort:
    """How many repetitions and iterations are timed."""

    repeats: int
    scale: float
    """Of every count of iterations or examples."""

    def of(self, count: int) -> int:
        return max(1, round(count * self.scale))


FULL = Effort(repeats=5, scale=1.0)
QUICK = Effort(repeats=3, scale=0.2)


@dataclass(frozen=True)
class Setting:
    """What a benchmark is given."""

    effort: Effort
    data: Path
    """Where data sets lie."""


@dataclass(frozen=True)
class Spread:
    """A number measured several times."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        held = list(values)
        return cls(statistics.median(held), min(held), max(held))

    @classmethod
    def once(cls, value: float) -> Self:
        return cls(value, value, value)

    def times(self, factor: float) -> Spread:
        return Spread(self.median * factor, self.least * factor, self.most * factor)


@dataclass(frozen=True)
class Target:
    """Bounds of a median."""

    least: float | None = None
    most: float | None = None

    def reached(self, value: float) -> bool:
        above = self.least is None or value >= self.least
        return above and (self.most is None or value <= self.most)

    def __str__(self) -> str:
        if self.least is None:
            return f"≤ {self.most:g}"
        if self.most is None:
            return f"≥ {self.least:g}"
        return f"{self.least:g} to {self.most:g}"


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    work: str
    """What was done; and what the ratio is, where it is not how many times faster ours is."""
    ours: Spread
    unit: str
    """Of `ours` and `against`."""
    against: Spread | None = None
    ratio: Spread | None = None
    """Over the repeats, each of which measures both sides one after the other."""
    target: Target | None = None
    """Of the ratio, or of `ours` where there is none."""
    note: str = ""
    wrong: str = ""
    """How results differ that must not; empty where they agree."""

    @property
    def reached(self) -> bool | None:
        if self.target is None:
            return None
        return self.target.reached((self.ratio or self.ours).median)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"reached": self.reached}

    @classmethod
    def from_json(cls, held: dict[str, Any]) -> Row:
        """Return the row that `as_json` gave."""
        spreads = {
            name: Spread(**held[name]) if held[name] else None for name in ("against", "ratio")
        }
        return cls(
            work=held["work"],
            ours=Spread(**held["ours"]),
            unit=held["unit"],
            target=Target(**held["target"]) if held["target"] else None,
            note=held["note"],
            wrong=held["wrong"],
            **spreads,
        )


class Comparison(NamedTuple):
    """Seconds of both sides, and how many times faster ours is."""

    ours: Spread
    against: Spread
    ratio: Spread


def seconds(work: Callable[[], object]) -> float:
    """Return this process's processor time: other load counts less than on a clock.

    With one thread it is the time that passes on an idle machine.
    """
    begin = time.process_time()
    work()
    return time.process_time() - begin


def compare(
    ours: Callable[[], object], against: Callable[[], object], *, repeats: int, per: int = 1
) -> Comparison:
    """Time both sides in turn, so that drifts of the machine meet both; once before to warm up.

    Ours with the workers' settings of malloc, the other with malloc's own. Seconds are divided by
    `per`, the iterations of a call say.
    """

    def both() -> tuple[float, float]:
        with worker_malloc():
            one = seconds(ours)
        return one / per, seconds(against) / per

    both()
    pairs = [both() for _ in range(repeats)]
    return Comparison(
        Spread.of(one for one, _ in pairs),
        Spread.of(other for _, other in pairs),
        Spread.of(other / one for one, other in pairs),
    )


TRIM, PAD, MMAP = -1, -2, -3
"""glibc's M_TRIM_THRESHOLD, M_TOP_PAD and M_MMAP_THRESHOLD."""

OWN_MALLOC = {MMAP: 32 * 2**20, TRIM: 64 * 2**20, PAD: 128 * 2**10}
"""What glibc's malloc comes to by itself in a process with large temporaries."""


HELD_BYTES = 2**30
"""More than any benchmark's temporaries."""


@contextmanager
def worker_malloc() -> Iterator[None]:
    """Malloc as in a sweep's workers (`sweeps.placement`), then its own again.

    Without glibc nothing changes.
    """
    most = 2**31 - 1
    _set_malloc({MMAP: most, TRIM: most, PAD: int(WORKER_ENVIRONMENT["MALLOC_TOP_PAD_"])})
    # A worker has had its memory for long: touch it before time is taken.
    torch.empty(HELD_BYTES, dtype=torch.uint8).fill_(1)
    try:
        yield
    finally:
        _set_malloc(OWN_MALLOC)


def _set_malloc(values: dict[int, int]) -> None:
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        for name, value in values.items():
            libc.mallopt(name, value)


def core() -> Hardware:
    """Return the rates of this machine's core, as `sweeps plan` takes them; measured if need be."""
    return this_core()


def estimate(what: str, planned: float, measured: float, unit: str = "s") -> Row:
    """Return a row: how far the planner's estimate, by `core()`, is from what was measured."""
    return Row(
        work=f"planner's estimate (against) / measured (ours): {what}",
        ours=Spread.once(measured),
        unit=unit,
        against=Spread.once(planned),
        ratio=Spread.once(planned / measured),
        target=Target(least=0.8, most=1.25),
    )
