"""A cluster of two machines (two raylets on this one), by its own address and by submissions."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import COMMAND, PATIENCE, Sweep, finish, wait_for
from own_measure import OWN_RECIPE, write_all
from ray.cluster_utils import Cluster

import analysis
import sweeps
import trainables

# Trainings of seconds: enough for two machines, and to lose one in the midst of.
SMALL = (
    "digits-mlp",
    *("--set", "recipe.iterations=3000"),
    *("--set", "recipe.backend=loop"),
    *("--set", "rewind=[0, 1000]"),
    *("--set", "inits=1"),
    *("--set", "orders=3"),
    *("--set", "subnetworks=[dense, {strategy: imp, levels: [1]}]"),
)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """The same sweep on a Ray of its own."""
    sweep = Sweep(tmp_path_factory.mktemp("local") / "home", *SMALL)
    status, output = sweep.run()
    assert status == 0, output
    return sweep


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of what is submitted."""
    return tmp_path_factory.mktemp("cluster") / "home"


@pytest.fixture(scope="module")
def cluster(home: Path) -> Iterator[Cluster]:
    """A head without CPUs, and a machine with one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        patch.setenv("SWEEPS_HOME", str(home))
        patch.setenv("HOME", str(home.parent))  # without the user's own token
        patch.delenv("RAY_AUTH_MODE", raising=False)
        head = {"num_cpus": 0, "include_dashboard": True, "dashboard_port": _free_port()}
        # Of its own, should another Ray run on this machine.
        head["dashboard_agent_listen_port"] = _free_port()
        found = Cluster(initialize_head=True, head_node_args=head)
        _add_machine(found)
        yield found
        found.shutdown()


@pytest.fixture
def second_machine(cluster: Cluster) -> Iterator[object]:
    node = _add_machine(cluster)
    yield node
    if node in cluster.list_all_nodes():
        cluster.remove_node(node)


def _add_machine(cluster: Cluster) -> object:
    """With files of its own: of two that share them, one replaces a job's folder under it."""
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # sockets' paths must be short
    return cluster.add_node(num_cpus=1, temp_dir=folder, dashboard_agent_listen_port=_free_port())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _same(sweep: Sweep, local: Sweep) -> None:
    assert sweep.artifacts() == local.artifacts()
    assert not sweep.checkpoints()
    assert not list((sweep.home / "store" / "leases").rglob("*.json"))


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["submit", "digits-mlpp"], 2, "no spec named 'digits-mlpp'"),
        (["submit", "digits-mlp", "--set", "inits=0"], 2, "--set inits=0"),
        (["submit", "digits-mlp", "--set", "recipe.data=images/x.tar"], 2, "a path of this mac"),
        # Before any test submits something.
        (["logs", "nothing"], 2, "nothing was submitted to http"),
        (["status", "--address", "http://127.0.0.1:9"], 3, "no Ray cluster answers at"),
        (["status", "--address", "127.0.0.1"], 2, "no cluster is named '127.0.0.1'"),
        (["results", "x", "--tracking", "http://127.0.0.1:9"], 3, "no MLflow tracking server"),
        (["run", "digits-mlp", "--cluster", "127.0.0.1:9"], 3, "no Ray cluster at 127.0.0.1:9"),
        (["run", "digits-mlp", "--cluster", "lab"], 2, "allowed are auto and HOST:PORT"),
        (["run", "digits-mlp", "--set", "resources.cpus=64"], 2, "a worker needs 64 CPU; no mach"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_is_wrong_is_one_line(
    cluster: Cluster, arguments: list[str], status: int, message: str, tmp_path: Path
) -> None:
    if arguments[0] == "run":
        arguments = [*arguments, "--home", str(tmp_path / "home")]
        if "--cluster" not in arguments:
            arguments += ["--cluster", cluster.address]
    elif "--address" not in arguments and "--tracking" not in arguments:
        arguments = [*arguments, "--address", f"http://{cluster.webui_url}"]
    found = _command(*arguments)
    assert found.returncode == status, found.stderr
    assert message in found.stderr
    assert found.stderr.count("\n") == 1


def test_two_machines_share_the_work_and_one_may_be_lost(
    cluster: Cluster, second_machine: object, local: Sweep, tmp_path: Path
) -> None:
    """Its jobs go on elsewhere from their checkpoints, to the same bits."""
    sweep = Sweep(
        tmp_path / "home", *SMALL, "--cluster", cluster.address, "--checkpoint-seconds", "0.1"
    )
    process = sweep.start()
    wait_for(lambda: len(sweep.checkpoints()) >= 2, process)
    time.sleep(2)  # both have been heard of
    cluster.remove_node(second_machine)
    status, output = finish(process)
    assert status == 0, output
    assert "on 2 machines" in output
    _same(sweep, local)


SEARCH = """
import os, signal, sys
import ray
from ray import tune
from trainables import InstabilityTrial

address, store, storage = sys.argv[1:]

class Killer(tune.Callback):
    killed = False
    def on_trial_result(self, iteration, trials, trial, result, **_):
        if not self.killed and 0 < result["progress"] < 0.9:
            Killer.killed = True
            os.kill(result["pid"], signal.SIGKILL)

ray.init(address=address, log_to_driver=False, logging_level="error")
space = {
    "recipe": {"base": "digits-mlp", "iterations": 3000, "backend": "loop"},
    "store": store,
    "checkpoint_seconds": 0.5,
    "rewind": tune.grid_search([0, 1000]),
    "order_seeds": tune.grid_search([[1, 2], [1, 3], [2, 3]]),
}
config = tune.RunConfig(
    storage_path=storage, verbose=0, callbacks=[Killer()],
    failure_config=tune.FailureConfig(max_failures=2),
)
found = tune.Tuner(InstabilityTrial, param_space=space, run_config=config).fit()
assert Killer.killed and not found.errors, found.errors
sparse = {**space, "rewind": 1000, "order_seeds": [1, 2], "strategy": "imp", "level": 1}
config = tune.RunConfig(storage_path=storage)
tune.Tuner(InstabilityTrial, param_space=sparse, run_config=config).fit()
print("COMPLETE")
"""


@pytest.mark.slow  # Tune's searches on one machine: test_tune_searches.py
def test_a_search_of_tune_has_the_bits_of_the_sweep(
    cluster: Cluster, second_machine: object, local: Sweep, tmp_path: Path
) -> None:
    """A grid of trials on two machines, one of whose processes is killed in the midst."""
    home = tmp_path / "home"
    script = [sys.executable, "-c", SEARCH, cluster.address, str(home / "store"), str(tmp_path)]
    search = subprocess.run(script, capture_output=True, text=True, timeout=PATIENCE)
    assert search.stdout.strip().endswith("COMPLETE"), search.stdout[-2000:] + search.stderr[-2000:]
    found = Sweep(home).artifacts()
    assert found - local.artifacts() == {one for one in found if one.startswith("curve/")}
    kinds = Counter(one.partition("/")[0] for one in found)
    # Two rewind points of three arms and pairs each, and an IMP pair: nothing is there twice.
    assert {**kinds, "curve": 0} == {"state": 2, "arm": 8, "mask": 1, "instability": 7, "curve": 0}
    assert not list((home / "store" / "leases").rglob("*.json"))


def test_a_driver_with_other_code_than_the_machines(cluster: Cluster, tmp_path: Path) -> None:
    """It is told so before anything is trained."""
    other = tmp_path / "other"
    for package in (sweeps, trainables, analysis):
        folder = Path(package.__file__ or "").parent
        shutil.copytree(folder, other / folder.name)
    with (other / "trainables" / "seeds.py").open("a") as file:
        file.write("# changed\n")
    home = tmp_path / "home"
    done = subprocess.run(
        [*COMMAND, "run", *SMALL, "--cluster", cluster.address, "--home", str(home)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(other)},
    )
    assert done.returncode == 3, done.stderr
    assert done.stderr.count("\n") == 1
    assert f"the driver has trainables in {other / 'trainables'} (" in done.stderr
    assert f"the worker {Path(trainables.__file__).parent} (" in done.stderr
    assert not Sweep(home).artifacts()


@pytest.mark.slow
def test_a_sweep_spreads_to_a_machine_that_joins(
    cluster: Cluster, local: Sweep, tmp_path: Path
) -> None:
    sweep = Sweep(tmp_path / "home", *SMALL, "--cluster", cluster.address)
    process = sweep.start()
    wait_for(lambda: sweep.artifacts(), process)
    node = _add_machine(cluster)
    try:
        status, output = finish(process)
    finally:
        cluster.remove_node(node)
    assert status == 0, output
    assert "on 2 machines" in output
    _same(sweep, local)


@pytest.mark.slow
def test_sweeps_at_once_on_one_store_share_what_is_under_way(
    cluster: Cluster, second_machine: object, local: Sweep, tmp_path: Path
) -> None:
    """Each training is done once, by whichever came first; both have all results."""
    store = ("--store", str(tmp_path / "store"), "--cluster", cluster.address)
    sweeps = [
        Sweep(tmp_path / name, *SMALL, "--set", f"name={name}", "--workers", "1", *store)
        for name in ("first", "second")
    ]
    processes = [sweep.start() for sweep in sweeps]
    outputs = []
    for process in processes:
        status, output = finish(process)
        assert status == 0, output
        outputs.append(output)
    iterations = [re.search(r"([\d,]+) iterations\)", output) for output in outputs]
    trained = [int(found[1].replace(",", "")) for found in iterations if found]
    alone = re.search(r"([\d,]+) iterations\)", local.run_output)
    assert alone is not None
    assert sum(trained) == int(alone[1].replace(",", ""))
    assert all(trained), "both took part"
    tables = [sweep.trials(name) for sweep, name in zip(sweeps, ("first", "second"), strict=True)]
    assert list(tables[0]["instability_test"]) == list(tables[1]["instability_test"])


def _command(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "SWEEPS_HOME"}
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=environment | {"COLUMNS": "200"},
    )


@pytest.mark.slow
def test_submissions(
    cluster: Cluster, second_machine: object, local: Sweep, home: Path, tmp_path: Path
) -> None:
    """Submit, find the one under way, stop, go on, and again: nothing is done twice."""
    address = ("--address", f"http://{cluster.webui_url}")
    first = _command("submit", *SMALL, *address)
    assert first.returncode == 0, first.stderr
    name = first.stdout.splitlines()[-1]
    again = _command("submit", *SMALL, *address)
    assert again.stdout.splitlines()[-1] == name
    assert "under way already" in again.stdout
    deadline = time.monotonic() + PATIENCE
    submitted = Sweep(home)
    while not submitted.artifacts():
        assert time.monotonic() < deadline, _command("logs", name, *address).stdout
        time.sleep(0.2)
    stopped = _command("stop", name, *address)
    assert stopped.stdout == f"{name}: STOPPED\n", stopped
    assert "stopping: saving what is under way" in _command("logs", name, *address).stdout
    assert submitted.checkpoints() or submitted.artifacts() == local.artifacts()
    other = _command("submit", *SMALL, "--wait", *address)
    assert other.returncode == 0, other.stdout
    assert "0 reused" not in other.stdout.replace("10 reused", "")
    _same(submitted, local)
    listed = _command("list", *address).stdout
    assert listed.count("digits-mlp-") == 2
    assert "SUCCEEDED" in listed
    assert "STOPPED" in listed
    status = _command("status", "digits-mlp", *address)
    assert "SUCCEEDED" in status.stdout
    third = _command("submit", *SMALL, "--wait", *address)
    assert "nothing to do" in third.stdout


@pytest.mark.slow  # taken to workers: tests/trainables
def test_own_code_is_submitted(cluster: Cluster, home: Path, tmp_path: Path) -> None:
    """A network, data, a pruning method and a measure are sent with the spec: what becomes of
    their files meanwhile does not matter."""
    address = ("--address", f"http://{cluster.webui_url}")
    spec = write_all(tmp_path / "mine")
    submitted = _command("submit", spec, *OWN_RECIPE, *address)
    assert submitted.returncode == 0, submitted.stderr
    shutil.rmtree(tmp_path / "mine")
    log = _command("logs", submitted.stdout.strip(), "--follow", *address)
    assert log.returncode == 0, log.stdout
    assert "7 jobs done" in log.stdout
    assert Sweep(home).trials("own")["total_1"].notna().all()
