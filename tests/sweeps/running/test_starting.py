"""Starting Ray, without Ray: what workers import, and what becomes of a start that fails."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest
import ray

from sweeps import patience
from sweeps.cluster.processes import descendants
from sweeps.errors import ClusterError
from sweeps.running import starting


def test_workers_look_where_the_driver_does_in_its_order() -> None:
    config = starting.job_config(["", "/first", "/second"])
    path: list[str] = ["the worker's own"]
    for folder in config._py_driver_sys_path:  # as a worker of Ray does
        path.insert(0, folder)
    assert path == [os.getcwd(), "/first", "/second", "the worker's own"]


def test_ray_adds_neither_the_current_folder_nor_the_scripts() -> None:
    """By what it asks of the job in `ray._private.worker.connect`."""
    from inspect import getsource

    from ray._private import worker

    assert starting.job_config()._py_driver_sys_path == []
    assert starting.job_config()._runtime_env_has_working_dir()
    source = getsource(worker.connect)
    added = source[source.index("code_paths = []") : source.index("_py_driver_sys_path.extend")]
    assert added.count("code_paths.append") == 2
    assert added.count("not job_config._runtime_env_has_working_dir()") == 2


class Ray:
    """Fails to start so often, and leaves a process behind each time."""

    def __init__(self, failures: list[str]):
        self.failures = list(failures)
        self.left: list[subprocess.Popen[bytes]] = []
        self.running: list[set[int]] = []
        """Of those, the processes that ran at each start."""

    def init(self, **settings: object) -> None:
        alive = descendants(os.getpid()).keys()
        self.running.append({process.pid for process in self.left} & alive)
        if self.failures:
            self.left.append(subprocess.Popen(["sleep", "100"], start_new_session=True))
            raise Exception(self.failures.pop(0))


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "100"]) as process:
        yield process
        process.kill()


def start(failures: list[str], monkeypatch: pytest.MonkeyPatch) -> tuple[Ray, list[str]]:
    fake, told = Ray(failures), list[str]()
    monkeypatch.setattr(ray, "init", fake.init)
    monkeypatch.setattr(starting.time, "sleep", lambda seconds: None)
    try:
        with starting.own_ray(told.append):
            told.append("up")
    except ClusterError as error:
        told.append(str(error))
    assert not {one.pid for one in fake.left} & descendants(os.getpid()).keys()
    for process in fake.left:
        process.wait()
    return fake, told


SLOW = f"Exception: {patience.ENDED}"


def test_a_start_that_fails_is_tried_again_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, bystander: subprocess.Popen[bytes]
) -> None:
    fake, told = start([SLOW, "Timed out waiting for file x"], monkeypatch)
    assert told == [patience.again(1), patience.again(2), "up"]
    assert fake.running == [set(), set(), set()]
    assert bystander.poll() is None, "only what the start left behind is killed"


def test_at_last_it_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    _, told = start([SLOW] * 9, monkeypatch)
    assert len(told) == len(patience.PAUSES) + 1
    assert told[-1] == f"Ray does not start on this machine after 4 tries: {SLOW}"


def test_what_trying_again_cannot_mend_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, told = start(["no such\noption"], monkeypatch)
    assert told == ["Ray does not start on this machine: no such option"]


def test_the_environment_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    from ray._private import ray_constants

    monkeypatch.setenv("RAY_AUTH_TOKEN", "mine")
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    before, constant = dict(os.environ), ray_constants.ENABLE_RAY_CLUSTER
    seen: dict[str, str] = {}
    monkeypatch.setattr(ray, "init", lambda **_: seen.update(os.environ))
    with starting.own_ray(print):
        assert not ray_constants.ENABLE_RAY_CLUSTER
    assert seen["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] == "0"
    assert seen["RAY_AUTH_MODE"] == "token"
    assert len(seen["RAY_AUTH_TOKEN"]) == 64
    assert os.environ == before
    assert constant == ray_constants.ENABLE_RAY_CLUSTER
