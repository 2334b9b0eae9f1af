"""A trainable in whose batches nothing is done: what remains is Tune's own work."""

from __future__ import annotations

import time
from typing import Any

from ray.tune.result import DONE

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
            report: dict[str, Any] = {"finished": [], "failed": [], "running": [], "measuring": []}
            report |= {"trained": 0, "busy_seconds": seconds, "nodes": [""], "leaving": False}
            if self._reports == times:
                report["finished"] = [job.key for job in self._batch.jobs]
                report[DONE] = True
            return report

    return Idle
