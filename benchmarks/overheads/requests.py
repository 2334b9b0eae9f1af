"""How many requests to S3 each kind of job makes."""

from __future__ import annotations

import logging
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.harness import Row, Setting
from benchmarks.overheads.rows import once
from sweeps.loading import load
from sweeps.plan import expand
from trainables.jobs.kinds import Training
from trainables.store import Store

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


def store(setting: Setting) -> list[Row]:
    """Count requests to S3 of each kind of job, when one worker does a whole small sweep."""
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
        once(
            f"S3 requests: {name}",
            sum(kinds.values()) / done[name],
            "",
            "; ".join(f"{one} {count / done[name]:.1f}" for one, count in sorted(kinds.items())),
        )
        for name, kinds in asked.items()
    ]


@contextmanager
def _counted_requests() -> Iterator[Counter[str]]:
    """Count, by name, what s3fs asks of the server."""
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
