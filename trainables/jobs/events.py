"""What becomes of a batch's jobs."""

from __future__ import annotations

from dataclasses import dataclass

from trainables.jobs.kinds import Job


@dataclass(frozen=True)
class Progress:
    """A training has come to `iteration`, of `until`; it began at `begin`."""

    job: Job
    begin: int
    iteration: int
    until: int


@dataclass(frozen=True)
class Measured:
    """So much of a measurement is done."""

    job: Job
    share: float
    """In (0, 1]."""


@dataclass(frozen=True)
class Failure:
    """A job raised an error."""

    job: Job
    error: Exception


Step = Progress | Measured
Event = Step | Job | Failure
"""The job itself: it is done."""
