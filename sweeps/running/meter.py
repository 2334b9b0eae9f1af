"""What a sweep has taken, over all its runs, against its budget."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from sweeps.running.progress import duration
from sweeps.spec.budget import Budget

WRITE_SECONDS = 2.0
"""Between two notes of what is spent: what a driver that is killed may forget."""


class Meter:
    """Counts the time of a run, and of the sweep's runs before it.

    What is spent is kept in a file, by the sweep's key; a file that cannot be read counts as none.
    """

    def __init__(self, budget: Budget | None, file: Path, key: str):
        self._budget, self._file, self._key = budget, file, key
        before = _read(file).get(key, {})
        self.seconds = float(before.get("seconds", 0.0))
        """Spent so far."""
        self.worker_seconds = float(before.get("worker_seconds", 0.0))
        """The same times the workers that there were."""
        self.reached = False
        """Whether the budget does not reach for the next jobs: nothing more is handed out."""
        self.workers: Callable[[], int] = lambda: 1
        """How many workers are paid for at the moment."""
        self._at: float | None = None
        self._written = -float("inf")

    def begin(self, workers: Callable[[], int]) -> None:
        """Start to count, with so many workers at a time."""
        self.workers, self._at = workers, time.monotonic()

    def tick(self, last: bool = False) -> None:
        """Count the time since the last call; call often, and once at the end."""
        if self._at is None:
            return
        now = time.monotonic()
        passed, self._at = now - self._at, now
        self.seconds += passed
        self.worker_seconds += passed * self.workers()
        if self._budget is not None and (last or now - self._written > WRITE_SECONDS):
            self._written = now
            self._write()

    def allows(self, seconds: float) -> bool:
        """Return whether work that is expected to take so long ends within the budget.

        If it does not, the budget is reached.
        """
        self.reached = self.reached or not self.fits(seconds)
        return not self.reached

    def fits(self, seconds: float) -> bool:
        """Return whether work that is expected to take so long would end within the budget."""
        self.tick()
        limit = self._budget
        if limit is None:
            return True
        if limit.hours is not None and self.seconds + seconds > 3600 * limit.hours:
            return False
        ended = self.worker_seconds + seconds * self.workers()
        return limit.cost is None or self._cost(ended) <= limit.cost

    @property
    def line(self) -> str:
        """What is spent of which budget, in a few words; empty until it is reached."""
        limit = self._budget
        if limit is None or not self.reached:
            return ""
        limits = [duration(3600 * limit.hours)] if limit.hours is not None else []
        limits += [f"{limit.cost:,.2f}"] if limit.cost is not None else []
        spent = duration(self.seconds)
        if limit.cost is not None:
            spent += f" and {self._cost(self.worker_seconds):,.2f}"
        return (
            f"the budget of {' or '.join(limits)} does not reach for the next jobs: {spent} spent"
        )

    def _cost(self, worker_seconds: float) -> float:
        price = self._budget.price_per_hour if self._budget is not None else None
        return worker_seconds * (price or 0.0) / 3600

    def _write(self) -> None:
        """Note what is spent; another key's stays. A disk that is full is told of elsewhere."""
        kept = _read(self._file)
        kept[self._key] = {"seconds": self.seconds, "worker_seconds": self.worker_seconds}
        _write(self._file, kept)


def forget(file: Path, keys: Collection[str]) -> None:
    """Remove from a file what sweeps with some keys have taken: they begin at nothing again."""
    kept = _read(file)
    if not kept.keys().isdisjoint(keys):
        _write(file, {key: taken for key, taken in kept.items() if key not in keys})


def _write(file: Path, kept: Mapping[str, Mapping[str, float]]) -> None:
    partial = file.with_suffix(f".{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(kept, indent=1), encoding="utf-8")
        os.replace(partial, file)
    except OSError:
        partial.unlink(missing_ok=True)


def _read(file: Path) -> dict[str, dict[str, float]]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
