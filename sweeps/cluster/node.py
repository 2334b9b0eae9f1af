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
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict
from importlib.util import find_spec
from itertools import count
from pathlib import Path

from sweeps import patience
from sweeps.cluster import token
from sweeps.cluster.machine import (
    LEAVE_SECONDS,
    Head,
    Node,
    Worker,
    configuration,
    environment,
    folder_of,
    labels,
)
from sweeps.cluster.processes import end, marked
from sweeps.errors import ClusterError, UserError
from sweeps.home import Home, resolve

START_SECONDS = 240.0
"""Patience with a start: MLflow's took a minute on a fresh database, and machines are slow."""

JOIN_SECONDS = 5.0
"""For how long an address may not answer before it is said to be wrong."""


def home(folder: str | None, store: str | None = None, data: str | None = None) -> Home:
    """A machine's home: `SWEEPS_HOME`, or ~/.sweeps wherever it was started from."""
    chosen = folder or os.environ.get("SWEEPS_HOME")
    if not chosen:
        try:
            chosen = str(Path.home() / ".sweeps")
        except RuntimeError:
            raise UserError("this user has no home folder: set --home or SWEEPS_HOME") from None
    return resolve(chosen, store, data=data)


def start_head(head: Head) -> bool:
    """Start a head and wait until it answers; False if it ran already.

    Raises UserError, and ClusterError if it does not come up.
    """
    if _runs_already(head):
        return False
    if not _has_token():
        token.make(token.file())
    for option in ("port", "dashboard_port", "tracking_port"):
        _check_free(getattr(head, option), "--" + option.replace("_", "-"))
    _start_ray(head, lambda: _joined(head) and _answers(head.dashboard))
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
    _start_ray(worker, lambda: _joined(worker))
    return True


def stop(place: Home) -> bool:
    """End all that was started in a home, jobs included; False if nothing ran.

    A worker's node first has its workers store checkpoints.
    """
    folder = folder_of(place)
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
        while _supervisor(folder_of(place)):
            time.sleep(1)
    except KeyboardInterrupt:
        pass
    stop(place)


def _start_ray(node: Node, ready: Callable[[], bool]) -> None:
    """Start all of a node and wait for its Ray; again where the machine is too busy for it."""
    for number in count(1):
        _start(node)
        try:
            return _wait(node, "ray", ready)
        except ClusterError as error:
            if not patience.explains(str(error)) or number > len(patience.PAUSES):
                raise
        print(patience.again(number), flush=True)
        time.sleep(patience.PAUSES[number - 1])
    return None


def _start(node: Node) -> None:
    if not find_spec("supervisor"):
        raise UserError("supervisor is missing: pip install 'stability-sweeps[head]'")
    place = node.home
    place.make()
    folder = folder_of(place)
    folder.mkdir(exist_ok=True)
    for log in folder.glob("*.log"):
        log.unlink()
    (folder / "supervisord.conf").write_text(configuration(node))
    (folder / "node.json").write_text(json.dumps(_asked(node)))
    subprocess.Popen(
        [sys.executable, "-m", "supervisor.supervisord", "-c", f"{folder}/supervisord.conf"],
        cwd=place.folder,
        env=environment(node),
        start_new_session=True,  # it outlives the shell, or the ssh, that it was started from
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _runs_already(node: Node) -> bool:
    """Whether just this does. Raises UserError if something else does."""
    folder = folder_of(node.home)
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
        "labels": labels(),
    }


def _supervisor(folder: Path) -> int | None:
    """Process id of a home's supervisord, if it runs."""
    for pid, command in marked(folder):
        if "supervisor.supervisord" in command:
            return pid
    return None


def _has_token() -> bool:
    if os.environ.get("RAY_AUTH_TOKEN"):
        return True
    path = token.file()
    token.close(path)
    return path.is_file() and bool(path.read_text().strip())


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
    log = folder_of(node.home) / f"{program}.log"
    deadline = time.monotonic() + START_SECONDS
    time.sleep(0.5)  # supervisord's own start
    while not ready():
        ended = not _supervisor(folder_of(node.home))
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
    log = folder_of(node.home) / "ray.log"
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
