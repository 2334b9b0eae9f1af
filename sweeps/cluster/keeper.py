"""What supervisord runs in Ray's place: `ray start --block`, ended in good order.

`python -m sweeps.cluster.keeper FOLDER [--spot] -- COMMAND`

- Told to end (SIGTERM, or the notice that a spot machine goes), it has Ray drain the node, so
  that nothing new comes, and its workers store checkpoints.
- When Ray has ended, whyever, so does all else of the node: a head that began again would be
  another cluster. `ray start --block` itself would outlive a `ray stop`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from sweeps.cluster import spot
from sweeps.cluster.processes import marked, send

SPOT_SECONDS = 5.0

AGENTS = ("ray::DashboardAgent", "ray::RuntimeEnvAgent")
"""Without which a raylet ends at once. Whatever else is called ray:: is a worker."""


def keep(folder: Path, command: list[str], watch_spot: bool) -> None:
    """Until Ray has ended. Then supervisord is told to end."""
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: told.append(number))
    ray = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    raylet: int | None = None
    next_look = time.monotonic()
    while ray.poll() is None and not told:
        time.sleep(1)
        if raylet is None:
            raylet = next((p for p, line in marked(folder) if _program(line) == "raylet"), None)
        elif not Path(f"/proc/{raylet}").exists():
            break
        if watch_spot and time.monotonic() > next_look:
            next_look = time.monotonic() + SPOT_SECONDS
            if spot.notice():
                print("this spot machine will be taken away: leaving the cluster", flush=True)
                break
    if ray.poll() is None:
        _leave(folder, ray)
    send(signal.SIGTERM, [os.getppid()])


def _leave(folder: Path, ray: subprocess.Popen[bytes]) -> None:
    ray.terminate()
    time.sleep(1)  # first Ray marks the node as draining, so that no worker begins anew here
    workers = [
        pid
        for pid, line in marked(folder)
        if line.startswith("ray::") and not line.startswith(AGENTS)
    ]
    send(signal.SIGTERM, workers)
    ray.wait()


def _program(line: str) -> str:
    return Path(line.partition(" ")[0]).name


if __name__ == "__main__":
    separator = sys.argv.index("--")
    keep(Path(sys.argv[1]), sys.argv[separator + 1 :], "--spot" in sys.argv[:separator])
