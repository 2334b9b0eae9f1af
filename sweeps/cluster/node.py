"""Starting and ending what one machine of a cluster runs: Ray and, on the head, MLflow's server.

Both are children of one supervisord, whose files lie in HOME/node:

    node.json          what was asked for
    supervisord.conf   and its .pid and .log
    ray.log            what `ray start` said; Ray's own logs lie in /tmp/ray
    tracking.log       MLflow's
"""

from __future__ import annotations

import json
import os
import platform
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

from sweeps.cluster.processes import MARK, end, marked
from sweeps.engine import WORKER_ENVIRONMENT
from sweeps.errors import ClusterError, UserError
from sweeps.home import Home, resolve

START_SECONDS = 240.0
"""Patience with a start: MLflow's took a minute on a fresh database, and machines are slow."""

JOIN_SECONDS = 5.0
"""For how long an address may not answer before it is said to be wrong."""

LEAVE_SECONDS = 60
"""What workers get to store checkpoints when their node leaves."""

JOB_STOP_SECONDS = 120
"""What a sweep that is stopped gets to store checkpoints, before Ray kills it."""

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
        command = [sys.executable, "-m", "mlflow", "server", "--host", HOST, "--workers", "2"]
        command += ["--port", str(self.tracking_port)]
        command += ["--backend-store-uri", f"sqlite:///{home / 'mlflow.db'}"]
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


def home(folder: str | None, store: str | None = None, data: str | None = None) -> Home:
    """A machine's home: `SWEEPS_HOME`, or ~/.sweeps wherever it was started from."""
    chosen = folder or os.environ.get("SWEEPS_HOME") or Path.home() / ".sweeps"
    return resolve(str(chosen), store, data=data)


def start_head(head: Head) -> bool:
    """Start a head and wait until it answers; False if it ran already.

    Raises UserError, and ClusterError if it does not come up.
    """
    if _runs_already(head):
        return False
    if not _has_token():
        generate = [_command("ray"), "get-auth-token", "--generate"]
        subprocess.run(generate, capture_output=True, check=True)
        _default_token().chmod(0o600)
    for option in ("port", "dashboard_port", "tracking_port"):
        _check_free(getattr(head, option), "--" + option.replace("_", "-"))
    _start(head)
    _wait(head, "ray", lambda: _joined(head) and _answers(head.dashboard))
    _wait(head, "tracking", lambda: _answers(f"{head.tracking}/health"))
    return True


def start_worker(worker: Worker) -> bool:
    """Join a cluster; False if this machine is in it already. Raises as start_head does."""
    if _runs_already(worker):
        return False
    if not _has_token():
        raise UserError(
            "this machine has no token: copy ~/.ray/auth_token from the head to the same place "
            "here, or name a copy in RAY_AUTH_TOKEN_PATH"
        )
    _check_reachable(worker.address)
    _start(worker)
    _wait(worker, "ray", lambda: _joined(worker))
    return True


def stop(place: Home) -> bool:
    """End all that was started in a home, jobs included; False if nothing ran.

    A worker's node first has its workers store checkpoints.
    """
    folder = _folder(place)
    ran = any(marked(folder))
    supervisor = _supervisor(folder)
    if supervisor:
        os.kill(supervisor, signal.SIGTERM)
    end(folder, LEAVE_SECONDS + 30 if supervisor else 0)
    return ran


def wait(place: Home) -> None:
    """Until what was started in a home has ended; SIGTERM and Ctrl-C end it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while _supervisor(_folder(place)):
            time.sleep(1)
    except KeyboardInterrupt:
        pass
    stop(place)


def _start(node: Node) -> None:
    place = node.home
    place.make()
    folder = _folder(place)
    folder.mkdir(exist_ok=True)
    for log in folder.glob("*.log"):
        log.unlink()
    (folder / "supervisord.conf").write_text(_configuration(node))
    (folder / "node.json").write_text(json.dumps(_asked(node)))
    subprocess.Popen(
        [sys.executable, "-m", "supervisor.supervisord", "-c", f"{folder}/supervisord.conf"],
        cwd=place.folder,
        env=_environment(node),
        start_new_session=True,  # it outlives the shell, or the ssh, that it was started from
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _environment(node: Node) -> dict[str, str]:
    """Of Ray, hence of jobs and workers."""
    place = node.home
    bin_folder = Path(sys.executable).parent
    own = {
        MARK: str(_folder(place)),
        "PATH": f"{bin_folder}:{os.environ.get('PATH', os.defpath)}",
        "RAY_AUTH_MODE": "token",
        "RAY_USAGE_STATS_ENABLED": "0",
        "SWEEPS_HOME": str(place.folder),
        "SWEEPS_DATA": str(place.data),
    }
    return os.environ | WORKER_ENVIRONMENT | own | node.environment()


def _configuration(node: Node) -> str:
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
    command = [sys.executable, "-m", "sweeps.cluster.keeper", str(_folder(place))]
    command += ["--spot"] if spot else []
    command += ["--", _command("ray"), "start", "--block", "--labels", _labels()]
    command += ["--num-cpus", str(cpus)] if cpus is not None else []
    return [*command, *start]


def _labels() -> str:
    """By which clients see that they and the cluster are the same versions."""
    labels = {"sweeps-version": version("stability-sweeps"), "python": platform.python_version()}
    return ",".join(f"{name}={value.replace('+', '_')}" for name, value in labels.items())


def _runs_already(node: Node) -> bool:
    """Whether just this does. Raises UserError if something else does."""
    folder = _folder(node.home)
    if not _supervisor(folder):
        end(folder, 0)  # what a killed supervisord left
        return False
    running, asked = json.loads((folder / "node.json").read_text()), _asked(node)
    if running != asked:
        differing = sorted(
            n for n in running.keys() | asked.keys() if running.get(n) != asked.get(n)
        )
        was = ", ".join(f"{name} {running.get(name)} (not {asked.get(name)})" for name in differing)
        raise UserError(
            f"a node runs in {node.home.folder} already, with {was}: "
            "ask for the same, or `sweeps node stop` first"
        )
    return True


def _asked(node: Node) -> dict[str, object]:
    """What a node's processes depend on."""
    return json.loads(json.dumps(asdict(node), default=str)) | {
        "kind": type(node).__name__.lower(),
        "labels": _labels(),
    }


def _folder(place: Home) -> Path:
    return place.folder / "node"


def _supervisor(folder: Path) -> int | None:
    """Process id of a home's supervisord, if it runs."""
    for pid, command in marked(folder):
        if "supervisor.supervisord" in command:
            return pid
    return None


def _has_token() -> bool:
    if os.environ.get("RAY_AUTH_TOKEN"):
        return True
    path = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or _default_token())
    return path.is_file() and bool(path.read_text().strip())


def _default_token() -> Path:
    """Where Ray looks when the environment names none."""
    return Path.home() / ".ray" / "auth_token"


def _command(name: str) -> str:
    """A console script of this environment, whether or not it is on PATH."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if not found:
        raise UserError(f"no command {name!r} beside {sys.executable}")
    return found


def _check_free(port: int, option: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError as error:
            raise UserError(f"port {port} ({option}): {error.strerror}") from None


def _check_reachable(address: str) -> None:
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise UserError(f"the head's address {address!r}: expected HOST:PORT, 10.0.0.5:6379 say")
    deadline = time.monotonic() + JOIN_SECONDS
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=JOIN_SECONDS).close()
            return
        except OSError as error:
            if time.monotonic() > deadline:
                reason = error.strerror or "no answer"
                raise UserError(
                    f"no head at {address}: {reason}; is it up, and its port open to this machine?"
                ) from None
            time.sleep(0.5)


def _wait(node: Node, program: str, ready: Callable[[], bool]) -> None:
    """Until a program is there. Raises ClusterError, with nothing left running, if it fails."""
    log = _folder(node.home) / f"{program}.log"
    deadline = time.monotonic() + START_SECONDS
    time.sleep(0.5)  # supervisord's own start
    while not ready():
        ended = not _supervisor(_folder(node.home))
        if ended or time.monotonic() > deadline:
            stop(node.home)
            if log.exists() and "InvalidAuthToken" in log.read_text(errors="replace"):
                raise UserError(
                    "the head refuses this machine's token: copy ~/.ray/auth_token from the head"
                )
            what = "ended" if ended else f"did not answer within {START_SECONDS:.0f} s"
            raise ClusterError(f"{program} {what}: {_last_line(log)} (all of it: {log})")
        time.sleep(0.5)


def _joined(node: Node) -> bool:
    log = _folder(node.home) / "ray.log"
    return log.exists() and "Ray runtime started" in log.read_text(errors="replace")


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError:  # a server that wants a token is there
        return True
    except OSError:
        return False
    return True


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1].strip()[:300] if lines else "it said nothing"
