"""Events of a batch: what becomes of its jobs."""

from __future__ import annotations

from dataclasses import dataclass

from trainables.jobs.kinds import Job
from trainables.jobs.learning import Point


@dataclass(frozen=True)
class Progress:
    """A training has come to `iteration`, of `until`; it began at `begin`."""

    job: Job
    begin: int
    iteration: int
    until: int
    stored: int
    """The iteration of its last checkpoint, from which it would go on."""


@dataclass(frozen=True)
class Measured:
    """A measurement has moved."""

    job: Job
    share: float
    """Share that is done, in (0, 1]."""


@dataclass(frozen=True)
class Evaluated:
    """A network was evaluated while it is trained."""

    job: Job
    point: Point


@dataclass(frozen=True)
class Diverged:
    """A training has ended with a weight or a running statistic that is NaN or infinite."""

    job: Job


class InputDiverged(Exception):
    """A job cannot be done because a training that it needs diverged."""


@dataclass(frozen=True)
class Failure:
    """A job raised an error."""

    job: Job
    error: Exception


Step = Progress | Measured | Evaluated | Diverged
Event = Step | Job | Failure
"""The job itself: it is done."""
