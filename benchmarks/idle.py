"""A trainable in whose batches nothing is done: what remains is Tune's own work."""

from __future__ import annotations

import os
import time
from typing import Any

from ray.tune.result import DONE

from trainables.jobs.reports import Report
from trainables.jobs.trainable import BatchTrainable


def reporting(times: int, seconds: float = 0.0) -> type[BatchTrainable]:
    """A trainable whose batches report so often, after a pause of so many seconds each."""

    class Idle(BatchTrainable):
        def reset_config(self, new_config: dict[str, Any]) -> bool:
            self._reports = 0
            return super().reset_config(new_config)

        def step(self) -> dict[str, Any]:
            time.sleep(seconds)
            self._reports += 1
            done = self._reports == times
            finished = tuple(job.key for job in self._batch.jobs) if done else ()
            report = Report(
                finished=finished,
                busy_seconds=seconds,
                nodes=(f"process {os.getpid()}",),
                done=done,
            )
            return {"report": report, DONE: done}

    return Idle
