"""The report that a worker makes of its batch. Tune carries it as `{"report": Report}`."""

from __future__ import annotations

from dataclasses import dataclass

from trainables.jobs.learning import Point


@dataclass(frozen=True)
class Running:
    """A training that is under way and has moved since the last report."""

    key: str
    title: str
    begin: int
    """The iteration at which its job begins."""
    iteration: int
    until: int
    stored: int
    """The iteration from which it would go on if the worker died."""

    @property
    def share(self) -> float:
        """How much of the job is done, in [0, 1]."""
        return (self.iteration - self.begin) / (self.until - self.begin)


@dataclass(frozen=True)
class Measuring:
    """A measurement that is under way."""

    key: str
    title: str
    share: float
    """How much of it is done, in [0, 1]."""


@dataclass(frozen=True)
class Evaluated:
    """A network was evaluated while it is trained."""

    key: str
    """Of the training."""
    point: Point


@dataclass(frozen=True)
class Failed:
    """A job that raised an error."""

    key: str
    reason: str
    """One line."""
    trace: str


@dataclass(frozen=True)
class Blocked:
    """A job that cannot be done because a training that it needs diverged."""

    key: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything that happened in a batch since the last report."""

    finished: tuple[str, ...] = ()
    """Keys of the jobs that are done."""
    failed: tuple[Failed, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    diverged: tuple[str, ...] = ()
    """Keys of the trainings, made or read, that ended in NaN or infinity."""
    running: tuple[Running, ...] = ()
    measuring: tuple[Measuring, ...] = ()
    evaluated: tuple[Evaluated, ...] = ()
    trained: int = 0
    """Iterations."""
    busy_seconds: float = 0.0
    """Time spent in jobs."""
    done: bool = False
    """Whether this is the batch's last report; it may have given way to another batch."""
    nodes: tuple[str, ...] = ()
    """Ray's ids of the machines; none while the workers are starting."""
    store_error: str | None = None
    """One line if the store cannot be used any more: the batch ends, and no job is blamed."""
    refused: str | None = None
    """One line if nothing is done because a worker's code differs from the driver's."""
    lost: str | None = None
    """One line if the batch ends because its workers are gone."""
    leaving: bool = False
    """Whether the process makes its last report because it received SIGTERM, as its machine is
    taken away, say. Trainings under way have stored checkpoints."""
