"""MLflow's interface: a light server on this machine, and links to what matters in it.

Nothing here imports MLflow: this process waits beside the server, and should cost little.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, Any

from analysis import records
from sweeps.errors import UserError
from sweeps.home import Home
from sweeps.recording import database, faults

HOST = "127.0.0.1"
"""The only address that the server listens on: whoever reaches it can delete records."""

FIRST_PORT = 5000
PORTS = 100
"""How many ports are tried from the first one on, where none is asked for."""

LIGHT = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
"""Without MLflow's own job queue, which starts eight processes of 200 MB for nothing."""

START_SECONDS = 180.0
"""How long the server may take to answer."""
STOP_SECONDS = 10.0
"""How long it may take to end before it is killed."""
ANSWER_SECONDS = 30.0

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


def choose_port(asked: int | None) -> int:
    """Return the port asked for, or the first free one. Raises UserError if there is none."""
    if asked is not None:
        problem = _taken(asked)
        if problem:
            raise UserError(f"--port {asked}: {problem}; without --port a free one is found")
        return asked
    for port in range(FIRST_PORT, FIRST_PORT + PORTS):
        if not _taken(port):
            return port
    raise UserError(f"no port from {FIRST_PORT} to {FIRST_PORT + PORTS - 1} is free; give --port")


def _taken(port: int) -> str:
    """Why nothing can listen on a port, or an empty string."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers bind
        try:
            probe.bind((HOST, port))
        except PermissionError:
            return "this user may not listen on it"
        except OSError:
            return "it is in use"
    return ""


@contextmanager
def serving(place: Home, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Serve a home's records while the context lasts; the server and its children end with it.

    Raises UserError if the server ends by itself before it answers.
    """
    before = {number: signal.signal(number, _interrupt) for number in ENDING_SIGNALS}
    with tempfile.TemporaryFile() as log:
        # A session of its own: Ctrl-C at the terminal reaches this process alone, which ends it.
        server = subprocess.Popen(
            _command(place, port),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=os.environ | LIGHT,
            start_new_session=True,
        )
        try:
            _wait(server, f"http://{HOST}:{port}", log)
            yield server
        finally:
            _end(server)
            for number, handler in before.items():
                signal.signal(number, handler)


def _command(place: Home, port: int) -> list[str]:
    command = [sys.executable, "-P", "-m", "mlflow", "server", "--host", HOST, "--port", str(port)]
    command += ["--workers", "1"]
    if place.database is None:
        return [*command, "--backend-store-uri", place.tracking]
    with faults.told(place):
        return command + database.server_arguments(place)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _wait(server: subprocess.Popen[bytes], address: str, log: IO[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with suppress(OSError):
            urllib.request.urlopen(f"{address}/health", timeout=ANSWER_SECONDS).close()
            return
        time.sleep(0.2)
    log.seek(0)
    lines = log.read().decode(errors="replace").strip().splitlines()
    raise UserError(f"MLflow's server did not start: {lines[-1] if lines else 'it says nothing'}")


def _end(server: subprocess.Popen[bytes]) -> None:
    """End the server, and its children even if it leaves some behind."""
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        server.wait(STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait(STOP_SECONDS)


def links(address: str) -> dict[str, str]:
    """Return sweep -> link to its trainings, of all that a tracking server holds, latest first.

    MLflow opens on traces of language models; `workflowType` makes it show runs of training.
    """
    address = address.rstrip("/")
    found = _ask(address, "experiments/search", {"max_results": 1000})
    names = {e["experiment_id"]: e["name"] for e in found.get("experiments", ())}
    latest: dict[str, str] = {}
    for run in _submissions(address, list(names)):
        tags = {tag["key"]: tag["value"] for tag in run["data"].get("tags", ())}
        identity = run["info"]["experiment_id"]
        latest[identity] = max(latest.get(identity, ""), tags.get(records.SUBMITTED_AT, ""))
    return {
        names[identity]: f"{address}/#/experiments/{identity}/runs?workflowType=machine_learning"
        for identity in sorted(latest, key=lambda identity: latest[identity], reverse=True)
    }


def runs_link(place: Home, experiment: str) -> str:
    """Return what precedes a run's id in the address of its page; empty without a server.

    A password in the tracking address is left out: reports are given away.
    """
    address = urllib.parse.urlsplit(place.tracking)
    if address.scheme not in ("http", "https"):
        return ""
    host = address.netloc.rpartition("@")[2]
    return f"{address.scheme}://{host}{address.path.rstrip('/')}/#/experiments/{experiment}/runs/"


def _submissions(address: str, experiments: list[str]) -> Iterator[dict[str, Any]]:
    asked: dict[str, Any] = {
        "experiment_ids": experiments,
        "filter": f"tags.{records.KIND} = 'sweep'",
        "max_results": 1000,
    }
    while True:
        page = _ask(address, "runs/search", asked)
        yield from page.get("runs", ())
        if not page.get("next_page_token"):
            return
        asked["page_token"] = page["next_page_token"]


def _ask(address: str, what: str, question: Mapping[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{address}/api/2.0/mlflow/{what}",
        data=json.dumps(question).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
        found: dict[str, Any] = json.load(answer)
        return found
