"""`sweeps node` as a machine of a cluster is started: real Ray, real MLflow, real supervisord."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sweeps.cluster import spot
from sweeps.cluster.processes import MARK, end, marked

SWEEPS = [sys.executable, "-c", "from sweeps.cli import main; main()"]
PATIENCE = 120.0


class Machine:
    """A folder for a machine: its user's home, and the home of its state."""

    def __init__(self, folder: Path, token: str | None = None):
        self.folder, self.home = folder, folder / "state"
        if token is not None:
            (folder / ".ray").mkdir(parents=True)
            (folder / ".ray" / "auth_token").write_text(token)
            (folder / ".ray" / "auth_token").chmod(0o600)

    def node(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("RAY_", "SWEEPS_"))}
        own = {"HOME": str(self.folder), "SWEEPS_HOME": str(self.home)}
        return subprocess.run(
            [*SWEEPS, "node", *arguments],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=kept | own | environment,
        )

    def running(self) -> list[str]:
        return [command for _, command in marked(self.home / "node")]

    def pid(self, program: str) -> int:
        return next(pid for pid, command in marked(self.home / "node") if program in command)

    def token(self) -> str:
        return (self.folder / ".ray" / "auth_token").read_text()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("", 0))
        port: int = probe.getsockname()[1]
        return port


def wait(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.3)


# Bad input


def refused(result: subprocess.CompletedProcess[str], message: str) -> None:
    assert result.returncode == 2, result.stderr
    assert result.stderr.startswith("sweeps: ")
    assert result.stderr.count("\n") == 1
    assert message in result.stderr


@pytest.mark.parametrize("address", ["10.0.0.5", ":6379", "head:ray"])
def test_an_address_is_a_host_and_a_port(tmp_path: Path, address: str) -> None:
    refused(Machine(tmp_path, "t").node("join", address), "expected HOST:PORT")


def test_joining_nothing(tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    refused(Machine(tmp_path, "t").node("join", address), f"no head at {address}")


def test_joining_without_a_token(tmp_path: Path) -> None:
    refused(Machine(tmp_path).node("join", "127.0.0.1:1"), "no token: copy ~/.ray/auth_token")
    empty = Machine(tmp_path / "empty", "")
    refused(empty.node("join", "127.0.0.1:1"), "no token")


def test_a_token_that_others_could_read(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "t")
    token = tmp_path / ".ray" / "auth_token"
    token.chmod(0o644)
    result = machine.node("join", "127.0.0.1")
    assert result.returncode == 2
    mended, refusal = result.stderr.splitlines()
    assert mended == f"other users could read the token in {token} (mode 644): now 600"
    assert "expected HOST:PORT" in refusal
    assert token.stat().st_mode & 0o777 == 0o600


def test_a_taken_port(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "t")
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused(machine.node("head", "--port", port), f"port {port} (--port): Address already in")
    assert not machine.running()


def test_a_home_that_can_not_be(tmp_path: Path) -> None:
    ports = ["--port", str(free_port()), "--dashboard-port", str(free_port())]
    ports += ["--tracking-port", str(free_port())]
    result = Machine(tmp_path, "t").node("head", "--home", "/dev/null/home", *ports)
    refused(result, "cannot use the home")


def test_stopping_nothing(tmp_path: Path) -> None:
    result = Machine(tmp_path).node("stop")
    assert result.returncode == 0
    assert "nothing ran" in result.stdout
    assert not list(tmp_path.iterdir())


# Its parts


def test_a_node_is_what_bears_its_mark(tmp_path: Path) -> None:
    """Grandchildren in sessions of their own, too; not another node's, and not the caller."""
    script = "import subprocess, sys; subprocess.Popen(['sleep', '77'], start_new_session=True)"
    command = [sys.executable, "-c", script]
    subprocess.run(command, env=os.environ | {MARK: str(tmp_path)}, check=True)
    try:
        assert [line for _, line in marked(tmp_path)] == ["sleep 77"]
        assert not list(marked(tmp_path / "other"))
    finally:
        end(tmp_path, 0)
    assert not list(marked(tmp_path))


class Metadata(BaseHTTPRequestHandler):
    """AWS's metadata service, version 2: a token first."""

    goes = False

    def do_PUT(self) -> None:
        asked = self.path == "/latest/api/token"
        self.answer(200 if asked and self.headers["X-aws-ec2-metadata-token-ttl-seconds"] else 400)

    def do_GET(self) -> None:
        if self.headers["X-aws-ec2-metadata-token"] != "token":
            self.answer(401)
        else:
            known = self.path == "/latest/meta-data/spot/instance-action"
            self.answer(200 if known and type(self).goes else 404)

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"token")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def metadata(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Metadata]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Metadata)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint)
    Metadata.goes = False
    yield Metadata
    server.shutdown()
    server.server_close()


def test_a_spot_notice(metadata: type[Metadata]) -> None:
    assert not spot.notice()
    metadata.goes = True
    assert spot.notice()


def test_no_spot_notice_where_nobody_gives_any(monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", address)
    assert not spot.notice()


# All of it


class Cluster:
    """A head on ports of its own."""

    def __init__(self, machine: Machine):
        self.machine = machine
        self.port, self.dashboard_port, self.tracking_port = (free_port() for _ in range(3))
        # What only one Ray on a machine can have by default.
        self.ray_options = ["--", "--dashboard-agent-listen-port", "0"]

    def start(self, *more: str) -> subprocess.CompletedProcess[str]:
        ports = ["--port", self.port, "--dashboard-port", self.dashboard_port]
        ports += ["--tracking-port", self.tracking_port]
        arguments = [*map(str, ports), "--cpus", "1", *more, *self.ray_options]
        return self.machine.node("head", *arguments)

    def join(self, machine: Machine, *more: str, **environment: str) -> str:
        arguments = [f"127.0.0.1:{self.port}", "--cpus", "1", *more, *self.ray_options]
        result = machine.node("join", *arguments, **environment)
        return result.stdout + result.stderr

    def nodes(self) -> list[dict[str, object]]:
        """What a client sees through the dashboard, with the token."""
        code = (
            "import json\nfrom ray.util.state import list_nodes\n"
            f"nodes = list_nodes(address='http://127.0.0.1:{self.dashboard_port}')\n"
            "print(json.dumps([vars(n) for n in nodes if n.state == 'ALIVE']))"
        )
        token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": self.machine.token()}
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | token
        )
        assert done.returncode == 0, done.stderr
        nodes: list[dict[str, object]] = json.loads(done.stdout.splitlines()[-1])
        return nodes


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url) as answer:
            code: int = answer.status
            return code
    except urllib.error.HTTPError as error:
        return error.code


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    machine = Machine(tmp_path_factory.mktemp("head"))
    cluster = Cluster(machine)
    try:
        result = cluster.start()
        assert result.returncode == 0, result.stderr
        yield cluster
    finally:
        machine.node("stop")
        assert not machine.running()


@pytest.fixture
def worker(cluster: Cluster, tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path, cluster.machine.token())
    yield machine
    machine.node("stop")
    assert not machine.running()


@pytest.mark.slow
def test_head(cluster: Cluster) -> None:
    assert (cluster.machine.folder / ".ray" / "auth_token").stat().st_mode & 0o077 == 0
    dashboard = f"http://127.0.0.1:{cluster.dashboard_port}"
    assert status(f"{dashboard}/api/jobs/") == 401, "whoever has no token may run nothing"
    assert status(f"http://127.0.0.1:{cluster.tracking_port}/health") == 200
    [node] = cluster.nodes()
    resources, labels = node["resources_total"], node["labels"]
    assert isinstance(resources, dict)
    assert isinstance(labels, dict)
    assert resources["CPU"] == 1
    assert resources["trial_driver"] == 16
    assert labels.keys() >= {"python", "sweeps-version"}
    running = cluster.machine.running()
    assert any("gcs_server" in command for command in running)
    assert not any("ray.util.client.server" in command for command in running), "Ray Client's port"


@pytest.mark.slow
def test_head_again(cluster: Cluster) -> None:
    """The same is left alone; another is refused."""
    before = set(cluster.machine.running())
    assert "was up already" in cluster.start().stdout
    refused(cluster.start("--trial-drivers", "3"), "trial_drivers 16 (not 3)")
    assert set(cluster.machine.running()) == before


@pytest.mark.slow
def test_tracking_server_comes_back(cluster: Cluster) -> None:
    address = f"http://127.0.0.1:{cluster.tracking_port}/health"
    for pid, command in list(marked(cluster.machine.home / "node")):
        if "mlflow" in command or "multiprocessing.spawn" in command:
            os.kill(pid, signal.SIGKILL)

    def answers() -> bool:
        try:
            return status(address) == 200
        except OSError:
            return False

    assert not answers()
    wait(answers)


@pytest.mark.slow
def test_a_worker_joins_and_leaves(cluster: Cluster, worker: Machine) -> None:
    assert "joined" in cluster.join(worker)
    assert len(cluster.nodes()) == 2
    assert "was already in" in cluster.join(worker)
    assert worker.node("stop").stdout == "stopped\n"
    assert not worker.running()
    wait(lambda: len(cluster.nodes()) == 1)
    assert cluster.machine.running(), "only the worker was to stop"


@pytest.mark.slow
def test_a_wrong_token(cluster: Cluster, tmp_path: Path) -> None:
    stranger = Machine(tmp_path, "0" * 64)
    output = cluster.join(stranger)
    assert "sweeps: the head refuses this machine's token" in output
    assert output.count("\n") == 1
    assert not stranger.running()


def client(cluster: Cluster, token: str, code: str) -> subprocess.CompletedProcess[str]:
    """The command line as a client with this token has it, after some code."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RAY_", "SWEEPS_"))}
    own = {
        "RAY_AUTH_TOKEN": token,
        "SWEEPS_ADDRESS": f"http://127.0.0.1:{cluster.dashboard_port}",
        "HOME": str(cluster.machine.folder / "client"),
    }
    code += "; from sweeps.cli import main; main()"
    command = [sys.executable, "-c", code, "submit", "digits-mlp"]
    return subprocess.run(command, capture_output=True, text=True, env=kept | own)


@pytest.mark.slow
def test_a_client_with_a_wrong_token(cluster: Cluster) -> None:
    result = client(cluster, "0" * 64, "pass")
    assert result.returncode == 2
    assert "refuses this token; set RAY_AUTH_TOKEN" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("label", ["sweeps-version", "python"])
def test_a_client_of_another_version(cluster: Cluster, label: str) -> None:
    other = f"from sweeps.cluster import jobs; jobs.LABELS[{label!r}] = lambda: '0.0.1'"
    result = client(cluster, cluster.machine.token(), other)
    assert result.returncode == 3
    name = label.removesuffix("-version")
    assert f" has {name} " in result.stderr
    assert "where this machine has 0.0.1: install the same on both" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.slow
def test_a_killed_supervisor_leaves_nothing_that_stop_does_not_find(
    cluster: Cluster, worker: Machine
) -> None:
    cluster.join(worker)
    os.kill(worker.pid("supervisord"), signal.SIGKILL)
    assert worker.running()
    assert worker.node("stop").stdout == "stopped\n"
    assert not worker.running()


WORK = """
import os, ray, signal, sys, time
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

ray.init(address=sys.argv[1], log_to_driver=False, logging_level="error")

@ray.remote(num_cpus=1, max_restarts=-1)
class Work:
    def __init__(self, log):
        self.log = log
        self.say("begun")
        signal.signal(signal.SIGTERM, self.leave)
    def say(self, what):
        node = ray.get_runtime_context().get_node_id()
        with open(self.log, "a") as log:
            print(what, node, file=log)
    def leave(self, *_):
        time.sleep(2)
        self.say("saved")
        os._exit(0)
    def work(self):
        while True:
            time.sleep(0.1)

def others():
    return [n["NodeID"] for n in ray.nodes() if n["Alive"] and "trial_driver" not in n["Resources"]]

while len(others()) != 1:  # a killed one counts as alive for a while
    time.sleep(0.3)
affinity = NodeAffinitySchedulingStrategy(*others(), soft=True)
work = Work.options(scheduling_strategy=affinity).remote(sys.argv[2])
work.work.remote()
while True:
    time.sleep(1)
"""


@pytest.mark.slow
def test_work_is_saved_and_goes_elsewhere_when_a_spot_machine_is_taken_away(
    cluster: Cluster, worker: Machine, metadata: type[Metadata], tmp_path: Path
) -> None:
    endpoint = {n: os.environ[n] for n in ["AWS_EC2_METADATA_SERVICE_ENDPOINT"]}
    assert "joined" in cluster.join(worker, "--spot", **endpoint)
    log = tmp_path / "log"
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": cluster.machine.token()}
    command = [sys.executable, "-c", WORK, f"127.0.0.1:{cluster.port}", str(log)]
    driver = subprocess.Popen(command, env=os.environ | token)
    try:
        wait(log.exists)
        time.sleep(1)
        metadata.goes = True
        wait(lambda: not worker.running())
        wait(lambda: len(log.read_text().splitlines()) >= 3)
    finally:
        driver.kill()
        driver.wait()
    (begun, there), (saved, same), (again, here) = map(str.split, log.read_text().splitlines()[:3])
    assert (begun, saved, again) == ("begun", "saved", "begun")
    assert there == same != here


@pytest.mark.slow
def test_nothing_outlives_ray(cluster: Cluster, worker: Machine) -> None:
    """`ray stop`, which `ray down` calls, kills a machine's raylet first."""
    cluster.join(worker)
    os.kill(worker.pid("raylet/raylet"), signal.SIGKILL)
    wait(lambda: not worker.running())
