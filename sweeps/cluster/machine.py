"""What a machine of a cluster runs: programs, their environment, the setting of supervisord."""

from __future__ import annotations

import json
import os
import platform
import shlex
import socket
import sys
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from sweeps import patience
from sweeps.cluster.processes import MARK
from sweeps.home import Home
from sweeps.placement import WORKER_ENVIRONMENT
from sweeps.recording import database
from sweeps.temporary import mend

LEAVE_SECONDS = 60
"""What workers get to store checkpoints when their node leaves."""

JOB_STOP_SECONDS = 120
"""What a sweep that is stopped gets to store checkpoints, before Ray kills it."""

AGENT_PORT = "--dashboard-agent-listen-port"
"""Of `ray start`: where a machine's agent takes jobs for it."""

HOST = "127.0.0.1"
"""Nothing but Ray itself listens to other machines; users come through a tunnel."""


@dataclass(frozen=True)
class Head:
    home: Home
    port: int = 6379
    dashboard_port: int = 8265
    tracking_port: int = 5000
    trial_drivers: int = 16
    """How many trials may drive trainings of their own on other nodes (Ray Train)."""
    cpus: int | None = None
    ray_options: list[str] = field(default_factory=list)

    @property
    def dashboard(self) -> str:
        return f"http://{HOST}:{self.dashboard_port}"

    @property
    def tracking(self) -> str:
        return f"http://{HOST}:{self.tracking_port}"

    def programs(self) -> dict[str, list[str]]:
        start = ["--head", "--port", str(self.port), "--disable-usage-stats"]
        start += ["--dashboard-host", HOST, "--dashboard-port", str(self.dashboard_port)]
        start += ["--resources", json.dumps({"trial_driver": self.trial_drivers})]
        return {
            "ray": _keeper(self.home, self.cpus, [*start, *self.ray_options]),
            "tracking": self._tracking_server(),
        }

    def _tracking_server(self) -> list[str]:
        home, store = self.home.folder, self.home.store
        cloud = store.startswith(("s3://", "gs://"))
        artifacts = f"{store.rstrip('/')}/mlflow" if cloud else (home / "mlartifacts").as_uri()
        command = [sys.executable, "-P", "-m", "mlflow", "server", "--host", HOST, "--workers", "2"]
        command += ["--port", str(self.tracking_port)]
        command += ["--backend-store-uri", database.url(home / "mlflow.db", "rwc")]
        return [*command, "--artifacts-destination", artifacts]

    def environment(self) -> dict[str, str]:
        jobs = {"SWEEPS_STORE": self.home.store, "SWEEPS_TRACKING": self.tracking}
        return jobs | {
            "RAY_JOB_STOP_WAIT_TIME_S": str(JOB_STOP_SECONDS),
            # A head has nowhere to send its jobs: it ends at once.
            "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0",
            # MLflow's own job queue, of no use here: eight processes of 240 MB each.
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        }


@dataclass(frozen=True)
class Worker:
    home: Home
    address: str
    """host:port of the head's Ray."""
    cpus: int | None = None
    spot: bool = False
    ray_options: list[str] = field(default_factory=list)

    def programs(self) -> dict[str, list[str]]:
        start = ["--address", self.address, *self.ray_options]
        return {"ray": _keeper(self.home, self.cpus, start, self.spot)}

    def environment(self) -> dict[str, str]:
        return {"RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": str(LEAVE_SECONDS)}


Node = Head | Worker


def folder_of(place: Home) -> Path:
    return place.folder / "node"


def environment(node: Node) -> dict[str, str]:
    """Of Ray, hence of jobs and workers."""
    place = node.home
    bin_folder = Path(sys.executable).parent
    own = {
        MARK: str(folder_of(place)),
        "PATH": f"{bin_folder}:{os.environ.get('PATH', os.defpath)}",
        "RAY_AUTH_MODE": "token",
        "RAY_USAGE_STATS_ENABLED": "0",
        "SWEEPS_HOME": str(place.folder),
        "SWEEPS_DATA": str(place.data),
    }
    found = dict(os.environ)
    mend(found)
    return found | WORKER_ENVIRONMENT | patience.ENVIRONMENT | own | node.environment()


def configuration(node: Node) -> str:
    """Of supervisord. What ends last comes first: sweeps under way may still write records."""
    lines = ["[supervisord]", "nodaemon=true", "pidfile=%(here)s/supervisord.pid"]
    lines += ["logfile=%(here)s/supervisord.log"]
    for priority, (name, command) in enumerate(reversed(node.programs().items())):
        lines += [
            f"[program:{name}]",
            "command=" + shlex.join(command).replace("%", "%%"),
            f"priority={priority}",
            # A Ray that has ended has lost its jobs; MLflow's server has lost nothing.
            f"autorestart={'false' if name == 'ray' else 'true'}",
            f"stopasgroup={'false' if name == 'ray' else 'true'}",
            f"stopwaitsecs={LEAVE_SECONDS + 20}",
            f"stdout_logfile=%(here)s/{name}.log",
            "redirect_stderr=true",
        ]
    return "\n".join(lines) + "\n"


def _keeper(place: Home, cpus: int | None, start: list[str], spot: bool = False) -> list[str]:
    command = [sys.executable, "-m", "sweeps.cluster.keeper", str(folder_of(place))]
    command += ["--spot"] if spot else []
    command += ["--", sys.executable, "-m", "sweeps.cluster.ray_command"]
    command += ["start", "--block", "--labels", labels()]
    command += ["--num-cpus", str(cpus)] if cpus is not None else []
    if AGENT_PORT not in start:  # Ray's own is that of every Ray on the machine
        command += [AGENT_PORT, str(_free_port())]
    return [*command, *start]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def labels() -> str:
    """By which clients see that they and the cluster are the same versions."""
    found = {"sweeps-version": version("stability-sweeps"), "python": platform.python_version()}
    return ",".join(f"{name}={value.replace('+', '_')}" for name, value in found.items())
