"""Running `sweeps` as a user does: a process of its own, in a folder of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pandas as pd

COMMAND = [sys.executable, "-c", "from sweeps.cli import main; main()"]
NO_RESULTS = ("checkpoint", "damaged", "submission", "submitted", "tune")
"""Folders of a store that hold no results."""
PATIENCE = 240.0
"""Seconds within which anything awaited here has come, however busy the machine."""


class Sweep:
    """One home, and commands run on it."""

    def __init__(self, home: Path, *arguments: str):
        self.home = home
        self.arguments = arguments
        self.run_output = ""
        """Of the last `run`."""
        home.parent.mkdir(parents=True, exist_ok=True)

    def start(self) -> subprocess.Popen[str]:
        environment = os.environ | {"SWEEPS_HOME": str(self.home), "COLUMNS": "200"}
        return subprocess.Popen(
            [*COMMAND, "run", *self.arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.home.parent,
            env=environment,
        )

    def run(self, patience: float = PATIENCE) -> tuple[int, str]:
        """Status and output of `sweeps run`, to its end."""
        status, self.run_output = finish(self.start(), patience)
        return status, self.run_output

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"SWEEPS_HOME": str(self.home), "COLUMNS": "200"}
        return subprocess.run(
            [*COMMAND, *arguments],
            capture_output=True,
            text=True,
            cwd=self.home.parent,
            env=environment,
        )

    def trials(self, name: str) -> pd.DataFrame:
        """What `sweeps results` says, without MLflow's own ids of runs."""
        result = self.command("results", name, "--format", "json")
        assert result.returncode == 0, result.stderr
        frame = pd.DataFrame(json.loads(result.stdout))
        return frame.drop(columns="run_id")

    def artifacts(self) -> set[str]:
        """Names of all payloads of jobs: kind, key and checksum of the content."""
        store = self.home / "store"
        return {
            str(path.relative_to(store))
            for path in store.rglob("*")
            if path.is_file()
            and path.parts[len(store.parts)] not in NO_RESULTS
            and re.fullmatch(r"[0-9a-f]{32}\.[0-9a-f]{12}\.\d+\.\w+", path.name)
        }

    def checkpoints(self) -> list[Path]:
        return list((self.home / "store" / "checkpoint").rglob("*.json"))

    def workers(self, kind: str = "BatchTrainable") -> list[int]:
        """Process ids of this sweep's training workers; `RayTrainWorker` where these are several
        to a training."""
        found = []
        for process in Path("/proc").iterdir():
            if not process.name.isdigit():
                continue
            try:
                command = (process / "cmdline").read_bytes()
                environment = (process / "environ").read_bytes()
            except OSError:
                continue
            ours = f"SWEEPS_HOME={self.home}".encode()
            named = command.startswith(b"ray::") and kind.encode() in command.split(b"\0")[0]
            if named and ours in environment.split(b"\0"):
                found.append(int(process.name))
        return found


def finish(process: subprocess.Popen[str], patience: float = PATIENCE) -> tuple[int, str]:
    """Status and output of a process, to its end; it is killed if that does not come."""
    try:
        output, _ = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return process.returncode, output


def wait_for(happened: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Until something is true, while the process still runs."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        assert process.poll() is None, f"ended too early:\n{process.communicate()[0]}"
        time.sleep(0.05)


def kill(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def lose_worker_and_driver(sweep: Sweep, first: int, second: int) -> None:
    """Run a sweep until it has so many artifacts, kill a worker, and then, at more, the driver."""
    process = sweep.start()
    wait_for(lambda: len(sweep.artifacts()) >= first and sweep.workers(), process)
    kill(sweep.workers()[0])
    wait_for(lambda: len(sweep.artifacts()) >= second, process)
    kill(process.pid)
    process.communicate()
    while sweep.workers():
        time.sleep(0.1)
