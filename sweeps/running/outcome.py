"""How a run ended."""

from __future__ import annotations

from dataclasses import dataclass, field

from sweeps.errors import RecordingError
from sweeps.running.progress import Tally
from trainables.jobs.kinds import Job


@dataclass
class Outcome:
    """How a run ended."""

    tally: Tally
    submission: str
    """The sweep's key, by which its submission is found."""
    interrupted: bool = False
    stopped: str | None = None
    """One line why the run ended early by itself."""
    out_of_budget: str = ""
    """One line if it ended as the budget does not reach for the jobs that are left."""
    stopped_by: Job | None = None
    """The diverged training for which it did so (`on_divergence: stop`)."""
    blocked: dict[Job, str] = field(default_factory=dict)
    """Each job that cannot be done as a training it needs diverged -> one line that names it."""
    unmeasured: int = 0
    """Trials that need a blocked job."""
    failed: dict[Job, str] = field(default_factory=dict)
    """Each failed job -> one line why."""
    skipped: int = 0
    """Jobs not done because something they need failed."""
    recording_error: RecordingError | None = None
    """What kept results out of MLflow; they are in the store."""
    worker_startup_seconds: float | None = None
    overhead_seconds_per_job: float | None = None
    """Of the workers' time, from their first job to the last, what went into no job although there
    was one to do."""
    out_of_work: float = 0.0
    """Share of that time in which there was none: jobs waited for others, or none was left."""
    machines: int = 1
    """That did jobs."""
    utilisation: float | None = None
    """Share of the workers' time, from their first job to the last, that went into jobs."""

    @property
    def complete(self) -> bool:
        """Whether every job of the plan is done."""
        return not (self.failed or self.blocked or self.interrupted)
