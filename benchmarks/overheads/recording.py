"""What MLflow costs per trial: recording it, finding, tabulating and reporting it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.harness import Row, Setting
from benchmarks.overheads.rows import clock, once
from sweeps.home import Home, resolve
from sweeps.loading import load
from sweeps.plan import expand
from trainables.jobs.kinds import Measurement
from trainables.store import Store

TRIALS = {"sqlite": 2000, "server": 400}
"""Recorded."""


def mlflow(setting: Setting) -> list[Row]:
    """Measure the recorder's trials per second; then find, tabulate and report these trials."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        home = replace(resolve(folder), data=setting.data)
        rows += _recorded("SQLite", home, setting.effort.of(TRIALS["sqlite"]))
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder, _server(folder) as address:
        home = replace(resolve(folder, tracking=address), data=setting.data)
        rows += _recorded("a tracking server", home, setting.effort.of(TRIALS["server"]))
    return rows


def _recorded(where: str, home: Home, wanted: int) -> list[Row]:
    from sweeps import reporting, results
    from sweeps.recording.recorder import Recorder

    plan = expand(load("digits-mlp", [f"inits={max(1, round(wanted / 33))}"])[0])
    store = Store(home.store)
    for trial in plan.trials:
        pretend_measured(store, trial.measurements[0])
    home.make()
    number = len(plan.trials)
    note = f"{number} trials with paths of {plan.spec.path_points} points; on a clock"

    def opened() -> Recorder:
        recorder = Recorder(home, plan, store)
        recorder.open("name: digits-mlp", {})
        return recorder

    recorder = opened()

    def record() -> None:
        for trial in plan.trials:
            recorder.record(trial)

    took = clock(record)
    found = clock(opened)
    recorder.close(complete=True)
    read = results.read(home, plan.spec.name)
    reading = clock(lambda: results.read(home, plan.spec.name))
    report = clock(lambda: reporting.write_report(read, home.report("benchmark")))
    rows = {
        "recording a trial": took / number * 1e3,
        "seeing that a trial is recorded": found / number * 1e3,
        "a trial of `sweeps results`": reading / number * 1e3,
        "a trial of `sweeps report`": report / number * 1e3,
    }
    return [once(f"MLflow in {where}: {what}", value, "ms", note) for what, value in rows.items()]


def pretend_measured(store: Store, job: Measurement) -> None:
    """Return a measurement of plausible numbers for the recorder and the report."""
    from analysis import records

    points = job.work.points
    values: dict[str, Any] = dict.fromkeys(records.SCALAR_METRICS, 50.0)
    values |= {name: [float(p) for p in range(points)] for name in records.CURVE_METRICS}
    store.write(job.kind, job.key, json.dumps(values).encode(), "json")


@contextmanager
def _server(folder: str) -> Iterator[str]:
    """Run a tracking server of our own on a free port; yield its address once it answers."""
    from urllib.error import URLError
    from urllib.request import urlopen

    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port = asked.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder}/server.db"]
    command += ["--default-artifact-root", f"{folder}/artifacts"]
    with (
        open(f"{folder}/server.log", "w") as log,
        subprocess.Popen(command, stdout=log, stderr=log, cwd=folder) as process,
    ):
        try:
            for _ in range(300):
                try:
                    urlopen(f"{address}/health", timeout=5).close()
                    break
                except (URLError, OSError):
                    time.sleep(1)
            else:
                raise RuntimeError(Path(folder, "server.log").read_text())
            yield address
        finally:
            process.terminate()
