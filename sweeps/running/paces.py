"""How much longer jobs take than estimated, by kind. Pure: no clock."""

from __future__ import annotations

from collections import defaultdict

PRIOR_SECONDS = 10.0
"""Work for which estimates count, against what jobs took: of all kinds together, and what these
say, of a kind by itself."""

BOUND = 20.0
"""Factor by which work is taken to be slower, or faster, than estimated at most."""


LEAST = 1e-9
"""Estimated seconds that are no work, but what rounding leaves of it."""


class Paces:
    """Learns from the work that was done: trainings, say, take twice their estimates."""

    def __init__(self) -> None:
        self._estimated: dict[str, float] = defaultdict(float)
        self._took: dict[str, float] = defaultdict(float)
        self._since: dict[str, float] = defaultdict(float)
        """Estimated seconds of what was done since time was last added."""
        self._carried: dict[str, float] = {}
        """Worker -> seconds in which nothing that it does came to be done."""

    def done(self, kind: str, estimated: float) -> None:
        """Note work of a kind, by its estimated seconds. Progress that was lost takes none back."""
        if estimated > LEAST:
            self._since[kind] += estimated

    def add(self, worker: str, seconds: float) -> None:
        """Note how long a worker took for the work that was noted since; jobs may be half done."""
        seconds += self._carried.pop(worker, 0.0)
        if not self._since:
            self._carried[worker] = seconds
            return
        expected = {kind: value * self.slower(kind) for kind, value in self._since.items()}
        whole = sum(expected.values())
        for kind, value in self._since.items():
            self._estimated[kind] += value
            self._took[kind] += seconds * expected[kind] / whole
        self._since.clear()

    def ended(self, worker: str) -> None:
        """Forget the time of a worker that has no work any more."""
        self._carried.pop(worker, None)

    def slower(self, kind: str) -> float:
        """Return how many times its estimate work of a kind takes."""
        every = _factor(sum(self._took.values()), sum(self._estimated.values()), 1.0)
        return _factor(self._took[kind], self._estimated[kind], every)


def _factor(took: float, estimated: float, prior: float) -> float:
    factor = (took + PRIOR_SECONDS * prior) / (estimated + PRIOR_SECONDS)
    return min(max(factor, 1 / BOUND), BOUND)
