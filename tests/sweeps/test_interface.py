"""MLflow's interface as `sweeps ui` serves it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis import records
from sweeps import interface
from sweeps.errors import UserError
from sweeps.home import resolve

SERVER = """
import http.server, json, subprocess, sys
print("started", flush=True)
ignore = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", ignore])
open(sys.argv[2], "w").write(str(child.pid))
RUNS = [("1", "2026-01-02"), ("2", "2026-01-03"), ("1", "2026-01-01")]
class Handler(http.server.BaseHTTPRequestHandler):
    def say(self, answer):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())
    def do_GET(self):
        self.say({})
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "experiments" in self.path:
            names = {"0": "Default", "1": "early", "2": "late"}
            return self.say(
                {"experiments": [{"experiment_id": i, "name": n} for i, n in names.items()]}
            )
        assert asked["filter"] == "tags.kind = 'sweep'", asked
        assert asked["experiment_ids"] == ["0", "1", "2"], asked
        page = int(asked.get("page_token", 0))
        tags = [{"key": "submitted_at", "value": RUNS[page][1]}]
        run = {"info": {"experiment_id": RUNS[page][0]}, "data": {"tags": tags}}
        more = {"next_page_token": str(page + 1)} if page + 1 < len(RUNS) else {}
        self.say({"runs": [run]} | more)
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
"""Answers as MLflow does, a submission per page; has a child, as MLflow's server has."""


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], int]:
    """Stand in for MLflow's server; returns the id of its child's process."""
    note = tmp_path / "child"

    def command(place: Any, port: int) -> list[str]:
        return [sys.executable, "-c", SERVER, str(port), str(note)]

    monkeypatch.setattr(interface, "_command", command)
    return lambda: int(note.read_text())


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of 127.0.0.1 that something else listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def ended(pid: int) -> bool:
    """Whether a process ends within a while: one that was killed may not be gone yet."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


def test_a_port_in_use_is_refused_or_passed_over(
    monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    with pytest.raises(UserError, match=f"--port {taken}: it is in use"):
        interface.choose_port(taken)
    monkeypatch.setattr(interface, "FIRST_PORT", taken)
    assert taken < interface.choose_port(None) < taken + interface.PORTS
    monkeypatch.setattr(interface, "PORTS", 1)
    with pytest.raises(UserError, match="no port from"):
        interface.choose_port(None)


def test_links_lead_to_the_trainings_of_each_sweep_latest_first(
    fake: Callable[[], int], tmp_path: Path
) -> None:
    port = interface.choose_port(None)
    with interface.serving(resolve(str(tmp_path)), port):
        found = interface.links(f"http://127.0.0.1:{port}/")
    assert list(found.items()) == [
        (name, f"http://127.0.0.1:{port}/#/experiments/{i}/runs?workflowType=machine_learning")
        for name, i in (("late", 2), ("early", 1))
    ]
    assert ended(fake()), "children end with the server"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_server_and_its_children(
    fake: Callable[[], int], tmp_path: Path, number: signal.Signals
) -> None:
    before = signal.getsignal(number)
    port = interface.choose_port(None)

    def serve() -> None:
        with interface.serving(resolve(str(tmp_path)), port):
            os.kill(os.getpid(), number)
            time.sleep(60)

    with pytest.raises(KeyboardInterrupt):
        serve()
    assert ended(fake())
    assert signal.getsignal(number) is before


def test_a_server_that_does_not_start_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    failing = [sys.executable, "-c", "print('first'); raise SystemExit('no such database')"]
    monkeypatch.setattr(interface, "_command", lambda place, port: failing)
    with (
        pytest.raises(UserError, match=r"did not start: no such database$"),
        interface.serving(resolve(str(tmp_path)), 1),
    ):
        pass


def test_the_command_prints_links_and_knows_names(
    cli: Callable[..., Any],
    fake: Callable[[], int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    taken: int,
) -> None:
    monkeypatch.setattr(subprocess.Popen, "wait", _interrupted_once(subprocess.Popen.wait))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "mlflow.db").write_text("records")
    shown = cli("ui")
    assert shown.status == 130
    lines = shown.out.splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["late", "early"]
    assert lines[3] == "Ctrl-C ends it"
    unknown = cli("ui", "erly")
    assert unknown.status == 2
    assert "'erly'; did you mean 'early'?" in unknown.err
    assert cli("ui", "--port", str(taken)).err.count("in use") == 1


def _interrupted_once(wait: Callable[..., int]) -> Callable[..., int]:
    """Ctrl-C while the command waits for the server to end."""

    def waiting(self: Any, timeout: float | None = None) -> int:
        if timeout is None:
            raise KeyboardInterrupt
        return wait(self, timeout)

    return waiting


def test_a_cluster_s_server_that_does_not_answer_is_status_3(
    cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWEEPS_TRACKING", f"http://127.0.0.1:{interface.choose_port(None)}")
    shown = cli("ui")
    assert shown.status == 3
    assert shown.err.count("\n") == 1
    assert "no MLflow tracking server answers" in shown.err


@pytest.mark.slow
def test_mlflow_itself_is_light_and_listens_on_this_machine_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from mlflow import MlflowClient

    place = resolve(str(tmp_path))
    client = MlflowClient(place.tracking)
    experiment = client.create_experiment("mine")
    tags = {records.KIND: "sweep", records.SUBMITTED_AT: "2026-01-01"}
    client.create_run(experiment, tags=tags)
    port = interface.choose_port(None)
    with interface.serving(place, port) as server:
        address = f"http://127.0.0.1:{port}"
        assert list(interface.links(address)) == ["mine"]
        tree = _tree(server.pid)
        time.sleep(20)  # MLflow's job queue came up late
        assert len(_tree(server.pid)) <= 2
        listening = _listening(_tree(server.pid))
    assert listening == {"0100007F"}, "127.0.0.1, as /proc/net/tcp has it"
    assert all(ended(pid) for pid in tree)


def _tree(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(inner for child in children for inner in _tree(int(child)))]


def _listening(pids: list[int]) -> set[str]:
    """Addresses on which these processes listen, in hexadecimal."""
    sockets = set()
    for pid in pids:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            target = os.readlink(entry)
            if target.startswith("socket:["):
                sockets.add(target[8:-1])
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in sockets:
                found.add(fields[1].partition(":")[0])
    return found
