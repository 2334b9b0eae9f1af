"""A sweep on a cluster, as Ray's job API tells of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ray.job_submission import JobDetails

SWEEP, CONTENT, PROJECT, PRIORITY = "sweep", "content", "project", "priority"
"""A submission's metadata."""

UNDER_WAY = ("PENDING", "RUNNING")


@dataclass(frozen=True)
class Submission:
    """A sweep on a cluster, as it is now."""

    id: str
    sweep: str
    content: str
    state: str
    """PENDING, RUNNING, SUCCEEDED, FAILED or STOPPED."""
    message: str
    begun: float | None
    ended: float | None
    """Unix time, seconds."""
    priority: int = 0
    """Among the sweeps on the cluster."""

    @property
    def under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def seconds(self) -> float | None:
        if self.begun is None:
            return None
        return (self.ended or time.time()) - self.begun

    @classmethod
    def of(cls, job: JobDetails) -> Submission:
        metadata = job.metadata or {}
        return cls(
            id=job.submission_id or "",
            sweep=metadata[SWEEP],
            content=metadata[CONTENT],
            state=job.status.value,
            message=" ".join((job.message or "").split()),
            begun=job.start_time / 1000 if job.start_time else None,
            ended=job.end_time / 1000 if job.end_time else None,
            priority=int(metadata.get(PRIORITY, 0)),
        )
