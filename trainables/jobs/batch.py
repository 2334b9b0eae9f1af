"""The jobs of a batch: which are ready, which are under way, and what is left when one fails."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trainables.jobs.evaluating import evaluate
from trainables.jobs.events import Diverged, Event, Failure, Progress
from trainables.jobs.kinds import Job, Training
from trainables.jobs.learning import Point
from trainables.store import StoreError
from trainables.training.group import Group, Trajectory

if TYPE_CHECKING:
    from trainables.jobs.execute import Executor


@dataclass(eq=False)
class UnderWay:
    """A job's training in a group."""

    job: Training
    training: Trajectory
    begin: int
    """The iteration at which the job begins."""
    reached: int
    seconds: float
    """Its share of the processes' time so far."""
    saved: float
    """When its last checkpoint was stored."""
    trained: int = 0
    """Iterations so far, those that led to its checkpoint included, as `seconds`."""
    curve: list[Point] = field(default_factory=list)
    """Of the network while it is trained, as far as that is evaluated."""
    stored: int = field(init=False)
    """The iteration from which the training would go on if this process died."""

    def __post_init__(self) -> None:
        self.stored = self.reached

    @property
    def progress(self) -> Progress:
        return Progress(self.job, self.begin, self.reached, self.training.until, self.stored)


class Batch:
    """The jobs of a batch that are not done yet."""

    def __init__(self, executor: Executor, jobs: Sequence[Job]):
        self.executor = executor
        self.waiting: dict[Job, None] = dict.fromkeys(jobs)
        self.under_way: list[UnderWay] = []
        self._failed: set[Job] = set()
        self._group: Group | None = None
        self._alone = False
        """After an error in a group: it may have been too large for the memory."""

    def start(self) -> Generator[Event]:
        """Do or begin whatever is ready."""
        for job in list(self.waiting):
            if self._failed.intersection(job.inputs):
                self._failed.add(job)
                del self.waiting[job]
            elif self._ready(job):
                del self.waiting[job]
                try:
                    yield from self._take_up(job)
                except StoreError:
                    raise
                except Exception as error:
                    self._failed.add(job)
                    yield Failure(job, error)

    def _ready(self, job: Job) -> bool:
        busy = [one.job for one in self.under_way]
        if any(needed in self.waiting or needed in busy for needed in job.inputs):
            return False
        if not job.iterations or not self.under_way:
            return True
        group = self._group
        return not (self._alone or group is None or group.full or group.recipe != job.recipe)

    def _take_up(self, job: Job) -> Generator[Event]:
        if self.executor.store.complete([(job.kind, job.key)]):
            yield job
        elif isinstance(job, Training) and job.iterations:
            one = yield from self.executor.begin(job)
            if self._group is None or not self.under_way:
                self._group = self.executor.group(job.recipe)
            self._group.add(one.training)
            self.under_way.append(one)
        else:
            yield from self.executor._do(job)
            yield job

    def advance(self) -> Generator[Event]:
        """Train what is under way for a while."""
        if not self.under_way or self._group is None:
            return
        try:
            for one in self.under_way:  # where they begin, or were interrupted
                yield from evaluate(self.executor, one)
            if self._group.waiting:
                self.executor.advance(self._group, self.under_way)
            for one in self.under_way:
                yield from evaluate(self.executor, one)
            for one in [one for one in self.under_way if one.training.finished]:
                ended_well = self.executor.end(one)
                self.under_way.remove(one)
                if not ended_well:
                    yield Diverged(one.job)
                yield one.job
        except StoreError:
            raise
        except Exception as error:
            yield from self._give_up(error)
        for one in self.under_way:
            yield one.progress

    def _give_up(self, error: Exception) -> Generator[Failure]:
        """Give up trainings that failed; of several together, each is tried again by itself."""
        jobs = [one.job for one in self.under_way]
        self.under_way.clear()
        if len(jobs) == 1:
            self._failed.update(jobs)
            yield Failure(jobs[0], error)
        else:
            self._alone = True
            self.waiting = dict.fromkeys([*jobs, *self.waiting])
