"""What a sweep costs besides its trainings: the constants of `benchmarks.simulated_cluster`.

Each is measured on the product's own code: Tune's run with a trainable that does nothing, the
recorder against a real database and a real server, jobs against a real S3 server, the planner on
specs of 10,000 trials and more. Processor times are the driver's unless said; a sweep's driver is
one process, and what it does goes one after another.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.harness import Row, Setting, Spread
from benchmarks.memory import megabytes
from sweeps.home import Home, resolve
from sweeps.loading import load
from sweeps.placement import Demand
from sweeps.plan import Plan, expand
from sweeps.plan.summary import summarize
from sweeps.run.handout import Handout
from sweeps.run.schedule import Schedule
from sweeps.run.sites import ThisMachine
from trainables.jobs.kinds import Job, Measurement, Training
from trainables.jobs.reports import Report
from trainables.store import Leases, Store

BATCHES = 2000
"""Of one job each, which does nothing."""

WORKERS = (2, 16)

REPORTING_BATCHES, REPORTS = 40, 100
"""Batches that report often, and how often each does."""

TRIALS = {"sqlite": 2000, "server": 400}
"""Recorded."""

SHORT = (
    "recipe.length=30",
    "recipe.backend=loop",
    "rewind=[0, 10]",
    "inits=1",
    "path_points=3",
    "subnetworks=[{strategy: dense}, {strategy: imp, levels: [1, 2]}, "
    "{strategy: random-pruning, levels: [2]}]",
)
"""A sweep with every kind of job, for counting."""

PLANNED = (300, 3000)
"""Inits of digits-mlp: 33 trials each."""


def tune(setting: Setting) -> list[Row]:
    """Handing out batches and hearing of them, without any work in them."""
    rows = []
    for workers in WORKERS:
        heard = _tune(workers, setting.effort.of(BATCHES), reports=1)
        note = f"{heard.ended} batches of one job that does nothing, on 2 cores; once"
        rows += [
            _once(f"Tune, {workers} workers: a batch, driver's processor", heard.cpu * 1e3, "ms",
                  f"{note}; first quarter {heard.cpu_first * 1e3:.1f} ms, last "
                  f"{heard.cpu_last * 1e3:.1f} ms"),
            _once(f"Tune, {workers} workers: batches a second", 1 / heard.wall, "1/s", note),
            _once(f"Tune, {workers} workers: a batch, of one worker's time",
                  heard.wall * workers, "s", note),
            _once(f"Tune, {workers} workers: the driver's memory per 10,000 batches",
                  heard.memory * 10_000, "MB", note),
        ]  # fmt: skip
    batches = setting.effort.of(REPORTING_BATCHES)
    few = _tune(WORKERS[-1], batches, reports=1)
    many = _tune(WORKERS[-1], batches, reports=REPORTS)
    report = (many.cpu - few.cpu) / (REPORTS - 1)
    note = f"{WORKERS[-1]} workers, {batches} batches of {REPORTS} reports less as many of one"
    rows.append(_once("Tune: a report of a running batch, driver's processor", report * 1e3,
                      "ms", note))  # fmt: skip
    return rows


class _Heard:
    """An observer that notes the driver's processor time and memory as batches end."""

    def __init__(self) -> None:
        self._seen: list[tuple[float, float, float]] = []

    def job_done(self, job: Job) -> None: ...

    def job_failed(self, job: Job, reason: str, trace: str) -> None:
        raise RuntimeError(trace)

    def job_blocked(self, job: Job, reason: str) -> None:
        raise RuntimeError(reason)

    def training_diverged(self, key: str) -> None: ...

    def store_failed(self, reason: str) -> None:
        raise RuntimeError(reason)

    def reported(self, worker: str, report: Report) -> None: ...

    def batch_ended(self, worker: str) -> None:
        self._seen.append((time.monotonic(), time.process_time(), megabytes("VmRSS")))

    def waiting(self) -> None: ...

    def stalled(self, line: str) -> None: ...

    def look(self) -> None: ...

    @property
    def ended(self) -> int:
        return len(self._seen)

    @property
    def wall(self) -> float:
        """Seconds a batch, over all workers; the first half, with workers starting, left out."""
        return self._slope(0, 0.5, 1)

    @property
    def cpu(self) -> float:
        return self._slope(1, 0.1, 1)

    @property
    def cpu_first(self) -> float:
        return self._slope(1, 0.1, 0.25)

    @property
    def cpu_last(self) -> float:
        return self._slope(1, 0.75, 1)

    @property
    def memory(self) -> float:
        """MB a batch, over the last three quarters."""
        return self._slope(2, 0.25, 1)

    def _slope(self, column: int, begin: float, end: float) -> float:
        last = len(self._seen) - 1
        first, last = round(begin * last), round(end * last)
        return (self._seen[last][column] - self._seen[first][column]) / (last - first)


def _tune(workers: int, batches: int, reports: int) -> _Heard:
    """Runs so many batches of a job each through the product's own Tune run."""
    jobs = _independent(batches)
    heard = _Heard()
    demand = Demand({"CPU": 1.0})
    with (
        tempfile.TemporaryDirectory(prefix="benchmark-") as scratch,
        Leases(Store(scratch), "benchmark") as leases,
        ThisMachine(workers).ready(demand, print),
    ):
        from benchmarks.idle import reporting
        from sweeps.run import tuning
        from sweeps.run.searcher import Settings

        place = Path(scratch)
        settings = Settings(workers, demand, 0, scratch, place, 60.0, place / "tune")
        schedule = Schedule(jobs, workers, batch_seconds=0)
        handout = Handout(schedule, Store(scratch), leases, lambda: workers)
        held = tuning.BatchTrainable
        tuning.BatchTrainable = reporting(reports)  # type: ignore[misc]
        try:
            tuning.run(handout, settings, heard, lambda: False)
        finally:
            tuning.BatchTrainable = held  # type: ignore[misc]
    if heard.ended != batches:
        raise RuntimeError(f"{heard.ended} batches of {batches} ended")
    return heard


def _independent(number: int) -> dict[str, Job]:
    """Jobs that need nothing: initial weights."""
    one = [f"inits={number}", "rewind=[0]", "orders=2", "subnetworks=[{strategy: dense}]"]
    one += ["recipe.backend=loop"]
    jobs = expand(load("digits-mlp", one)[0]).jobs
    return {key: job for key, job in jobs.items() if not job.inputs}


def mlflow(setting: Setting) -> list[Row]:
    """The recorder's trials a second; then the same trials found, tabulated and reported."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        home = replace(resolve(folder), data=setting.data)
        rows += _recorded("SQLite", home, setting.effort.of(TRIALS["sqlite"]))
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder, _server(folder) as address:
        home = replace(resolve(folder, tracking=address), data=setting.data)
        rows += _recorded("a tracking server", home, setting.effort.of(TRIALS["server"]))
    return rows


def _recorded(where: str, home: Home, wanted: int) -> list[Row]:
    from sweeps import results
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

    took = _clock(record)
    found = _clock(opened)
    recorder.close(complete=True)
    read = results.read(home, plan.spec.name)
    reading = _clock(lambda: results.read(home, plan.spec.name))
    report = _clock(lambda: results.write_report(read, home.report("benchmark")))
    rows = {
        "recording a trial": took / number * 1e3,
        "seeing that a trial is recorded": found / number * 1e3,
        "a trial of `sweeps results`": reading / number * 1e3,
        "a trial of `sweeps report`": report / number * 1e3,
    }
    return [_once(f"MLflow in {where}: {what}", value, "ms", note) for what, value in rows.items()]


def pretend_measured(store: Store, job: Measurement) -> None:
    """A measurement of plausible numbers, so that the recorder and the report have some."""
    from analysis import records

    points = job.work.points
    values: dict[str, Any] = dict.fromkeys(records.SCALAR_METRICS, 50.0)
    values |= {name: [float(p) for p in range(points)] for name in records.CURVE_METRICS}
    store.write(job.kind, job.key, json.dumps(values).encode(), "json")


@contextmanager
def _server(folder: str) -> Iterator[str]:
    """A tracking server of our own on a free port; its address once it answers."""
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


def store(setting: Setting) -> list[Row]:
    """Requests to S3 of each kind of job, when one worker does a whole small sweep."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    keys = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    os.environ.update(keys | {"AWS_ENDPOINT_URL": f"http://{host}:{port}"})
    try:
        return _store(setting)
    finally:
        server.stop()
        for name in (*keys, "AWS_ENDPOINT_URL"):
            del os.environ[name]


def _store(setting: Setting) -> list[Row]:
    import s3fs

    from trainables.jobs.execute import Executor

    s3fs.S3FileSystem.clear_instance_cache()
    s3fs.S3FileSystem().mkdir("sweeps")
    jobs = expand(load("digits-mlp", SHORT)[0]).jobs
    place = Store("s3://sweeps/store")
    executor = Executor(place, setting.data, 60.0)
    asked: dict[str, Counter[str]] = defaultdict(Counter)
    done: Counter[str] = Counter()
    with _counted_requests() as requests:
        for job in jobs.values():
            requests.clear()
            list(executor.run(job))
            name = job.task
            if isinstance(job, Training) and job.iterations == 0:
                name = "W_0"
            asked[name].update(requests)
            done[name] += 1
        requests.clear()
        place.complete((job.kind, job.key) for job in jobs.values())
        asked["planning, a job that is there:"].update(requests)
        done["planning, a job that is there:"] = len(jobs)
    return [
        _once(
            f"S3 requests: {name}",
            sum(kinds.values()) / done[name],
            "",
            "; ".join(f"{one} {count / done[name]:.1f}" for one, count in sorted(kinds.items())),
        )
        for name, kinds in asked.items()
    ]


@contextmanager
def _counted_requests() -> Iterator[Counter[str]]:
    """Counts by name what s3fs asks of the server."""
    import s3fs

    requests: Counter[str] = Counter()
    call = s3fs.S3FileSystem._call_s3

    def counted(self: Any, method: str, *given: Any, **named: Any) -> Any:
        requests[method] += 1
        return call(self, method, *given, **named)

    s3fs.S3FileSystem._call_s3 = counted
    try:
        yield requests
    finally:
        s3fs.S3FileSystem._call_s3 = call


def planning(setting: Setting) -> list[Row]:
    """From a spec to a schedule that is worked off, without doing anything."""
    rows = []
    for inits in PLANNED:
        spec = load("digits-mlp", [f"inits={setting.effort.of(inits)}", "recipe.backend=loop"])[0]
        before = megabytes("VmRSS")
        begin = time.process_time()
        plan: Plan = expand(spec)
        summarize(plan, set(), 64)
        schedule = Schedule(plan.jobs, 64)
        planned = time.process_time()
        batches = _drained(schedule, 64)
        end = time.process_time()
        size = f"{len(plan.trials):,} trials, {len(plan.jobs):,} jobs"
        rows += [
            _once(f"planning {size}", planned - begin, "s", "processor time"),
            _once(f"the schedule's own time for a batch, {size}", (end - planned) / batches * 1e3,
                  "ms", f"processor time; {batches:,} batches, 64 workers"),
            _once(f"memory of the plan and its schedule, {size}",
                  megabytes("VmRSS") - before, "MB", ""),
        ]  # fmt: skip
    return rows


def _drained(schedule: Schedule, workers: int) -> int:
    """Batches until a schedule is done, the oldest ending first."""
    running: dict[str, list[Job]] = {}
    handed_out = 0
    while not schedule.finished:
        while len(running) < workers and (jobs := schedule.next_batch(str(handed_out))):
            running[str(handed_out)] = jobs
            handed_out += 1
        name, jobs = next(iter(running.items()))
        for job in running.pop(name):
            schedule.job_done(job.key)
        schedule.batch_ended(name)
    return handed_out


def _clock(work: Callable[[], object]) -> float:
    """Seconds that pass: servers and databases are other processes, and disks."""
    begin = time.monotonic()
    work()
    return time.monotonic() - begin


def _once(work: str, value: float, unit: str, note: str) -> Row:
    return Row(work=work, ours=Spread.once(value), unit=unit, note=note)
