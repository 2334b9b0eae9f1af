"""A Ray of our own, started as a sweep starts it, made to do something, and ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from sweeps.cluster.processes import descendants, kill_descendants
from sweeps.doctor import ports
from sweeps.doctor.finding import Finding, fine, stop

SUBJECT = "Ray"
SECONDS = 90.0
"""For all of it. A machine that does nothing else takes some 10."""
SHARED_BYTES = 80_000_000
"""What its processes may share: about as little as Ray takes."""


def start(folder: str | None = None, seconds: float = SECONDS) -> list[Finding]:
    """Check that Ray starts here, that its workers do, and who reaches their ports.

    It runs in processes of its own, which have ended afterwards; `folder` is for its files, by
    default one that is removed.
    """
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as own:
        command = [sys.executable, "-P", "-m", "sweeps.doctor.trial_ray", folder or own]
        pipe = subprocess.PIPE
        with subprocess.Popen(
            command, stdout=pipe, stderr=pipe, text=True, cwd=own, env=_environment()
        ) as process:
            try:
                out, err = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                _kill(process)
                return [stop(SUBJECT, f"it did not start within {seconds:g} s: end what else runs "
                             "here, and try again")]  # fmt: skip
            except BaseException:
                _kill(process)
                raise
    for line in reversed(out.splitlines()):
        if line.startswith("["):
            return [Finding(**one) for one in json.loads(line)]
    last = (err.strip().splitlines() or [f"it ended with status {process.returncode}"])[-1]
    return [stop(SUBJECT, f"it does not start: {last[:300]}")]


def _kill(process: subprocess.Popen[str]) -> None:
    """Kill a process and all that it started; stopped first, it starts nothing more."""
    process.send_signal(signal.SIGSTOP)
    kill_descendants(process.pid, ())
    process.kill()


def _process() -> int:
    return os.getpid()


def _environment() -> dict[str, str]:
    """That of this process, in which another finds this package, wherever it lies."""
    paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def main(folder: str) -> None:
    """Start Ray with its files in a folder, and print what there is to say of it, as JSON."""
    found = _findings(folder)
    print(json.dumps([asdict(one) for one in found]), flush=True)


def _findings(folder: str) -> list[Finding]:
    from sweeps.errors import ClusterError
    from sweeps.placement import WORKER_ENVIRONMENT
    from sweeps.running.starting import own_ray

    os.environ.update(WORKER_ENVIRONMENT)
    import ray

    begin = time.monotonic()
    try:
        with own_ray(
            lambda line: None,
            num_cpus=1,
            num_gpus=0,
            object_store_memory=SHARED_BYTES,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="error",
            _temp_dir=folder,
        ):
            answer = ray.get(ray.remote(num_cpus=1)(_process).remote(), timeout=SECONDS)
            took = time.monotonic() - begin
            reached = ports.of(descendants(os.getpid()))
    except ClusterError as error:
        return [stop(SUBJECT, str(error))]
    except Exception as error:  # Ray has many kinds
        return [stop(SUBJECT, f"its workers do not start: {type(error).__name__}: {error}")]
    if answer == os.getpid():
        return [stop(SUBJECT, "a task ran in the driver instead of a worker")]
    return [fine(SUBJECT, f"starts in {took:.0f} s, and does what it is given"), reached]


if __name__ == "__main__":
    main(sys.argv[1])
