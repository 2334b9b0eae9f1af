"""How often the workers of jobs died since the jobs last got further. Pure."""

from __future__ import annotations

from collections.abc import Iterable

MAX_LOSSES = 2
"""How often the worker of a job may die at one place before the job counts as failed."""


class Losses:
    """Counts of losses, by a job's key. What a job is known to have stored makes it begin anew:
    progress that is lost with a worker is none, for the next one dies at the same place."""

    def __init__(self) -> None:
        self._since_progress: dict[str, int] = {}
        """Of the jobs whose worker has ever died."""
        self._stored: dict[str, int] = {}

    def __contains__(self, key: str) -> bool:
        """Whether a job's worker has ever died: it is tried by itself."""
        return key in self._since_progress

    def stored(self, keys: Iterable[str], training: str, iteration: int) -> None:
        """Note that a batch of these jobs would go on from this iteration if its worker died.

        The training is that of one of the jobs, or of something they need that has to be made
        again; to have come to it at all is progress, too.
        """
        if iteration <= self._stored.get(training, -1):
            return
        self._stored[training] = iteration
        for key in keys:
            if key in self._since_progress:
                self._since_progress[key] = 0

    def add(self, key: str) -> bool:
        """Count a loss, and return whether there were too many."""
        self._since_progress[key] = self._since_progress.get(key, 0) + 1
        return self._since_progress[key] > MAX_LOSSES
