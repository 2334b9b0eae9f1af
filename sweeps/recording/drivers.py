"""Which submissions are being worked on, and which were left by a driver that was killed."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from analysis import records

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run


def this_driver() -> str:
    """Host and process id, as submissions name their driver."""
    return f"{socket.gethostname()} {os.getpid()}"


def abandoned(run: Run) -> bool:
    """Whether a submission says that it is running, but its driver is known to have ended.

    The driver of another machine cannot be asked: its submissions count as running, as do those of
    earlier versions, which do not name their driver.
    """
    host, _, pid = run.data.tags.get(records.DRIVER, "").rpartition(" ")
    ended = host == socket.gethostname() and not Path(f"/proc/{pid}").exists()
    return run.info.status == "RUNNING" and ended


def end_abandoned(client: MlflowClient, runs: Iterable[Run]) -> None:
    """Mark as killed the submissions whose drivers have ended."""
    for run in runs:
        if abandoned(run):
            client.set_terminated(run.info.run_id, "KILLED")
