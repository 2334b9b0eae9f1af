"""The Ray that a sweep runs on: one of our own on this machine, or a cluster that is there.

Starting our own takes some 7 s, most of it waiting: meanwhile the driver imports Tune.
"""

from __future__ import annotations

import math
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Protocol

from sweeps.engine import WORKER_ENVIRONMENT, Machines, Shape, this_machine
from sweeps.errors import ClusterError, UserError

ANSWER_SECONDS = 10.0


class Site(Protocol):
    """Where a sweep's workers run."""

    shared: bool
    """Whether its machines differ from the driver's: data are prepared by the workers."""

    at_most: int | None
    """Workers the user allows, where there is room for more."""

    @property
    def machines(self) -> Machines:
        """What there may be, by which a recipe's device is chosen."""

    def ready(self, shape: Shape) -> Any:
        """A context in which Ray is there for workers of this shape."""

    def capacity(self, shape: Shape) -> int:
        """Workers that there is room for now, whoever holds it."""

    def most(self, shape: Shape) -> int:
        """Workers there could ever be room for. Raises UserError if none."""


class ThisMachine:
    """A Ray of our own; never a cluster that happens to be running."""

    shared = False
    at_most = None  # there is no more room than was asked for

    def __init__(self, workers: int | None = None):
        self._workers = workers

    @property
    def machines(self) -> Machines:
        return this_machine()

    def most(self, shape: Shape) -> int:
        fit = self.machines.workers(shape)
        return self._workers or fit

    capacity = most

    @contextmanager
    def ready(self, shape: Shape) -> Iterator[None]:
        # In the driver's environment, which workers inherit: a Ray runtime environment would keep
        # Ray's prestarted processes from being used, 3 s more.
        os.environ.update(WORKER_ENVIRONMENT)
        import ray

        importing = threading.Thread(target=import_module, args=("sweeps.run.tuning",))
        importing.start()
        ray.init(
            address="local",
            num_cpus=math.ceil(self.most(shape) * shape.get("CPU", 0)) or 1,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="error",
        )
        try:
            importing.join()
            yield
        finally:
            ray.shutdown()


class Cluster:
    """A Ray cluster that is running, as large as it is at the moment."""

    shared = True

    def __init__(self, workers: int | None = None):
        self._workers = self.at_most = workers

    @property
    def machines(self) -> Machines:
        """Those that are there, and one of each kind that the autoscaler could start."""
        return Machines([*_alive(), *(resources for resources, _ in _to_come())])

    def capacity(self, shape: Shape) -> int:
        try:
            fit = Machines(_alive()).workers(shape)
        except UserError:  # the machines with room are yet to come
            return 1
        return min(fit, self._workers or fit)

    def most(self, shape: Shape) -> int:
        self.machines.workers(shape)
        grown = [resources for resources, count in _to_come() for _ in range(count)]
        fit = Machines(grown or _alive()).workers(shape) if grown else self.capacity(shape)
        return self._workers or max(fit, self.capacity(shape))

    @contextmanager
    def ready(self, shape: Shape) -> Iterator[None]:
        yield


@contextmanager
def at(address: str | None, workers: int | None) -> Iterator[Site]:
    """A cluster's address, or None for this machine; so many workers, or as many as fit."""
    if address is None:
        yield ThisMachine(workers)
        return
    with attached(address, workers) as cluster:
        yield cluster


@contextmanager
def attached(address: str, workers: int | None = None) -> Iterator[Cluster]:
    """The cluster at Ray's own address, `host:port`, or `auto`: the one that this process is a job
    of, else the machine's. Raises ClusterError."""
    import ray

    if address == "auto":
        address = os.environ.get("RAY_ADDRESS", "auto")
    else:
        _check_answers(address)
    try:
        ray.init(
            address=address,
            runtime_env={"env_vars": WORKER_ENVIRONMENT},
            log_to_driver=False,
            logging_level="error",
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        line = " ".join(str(error).split())
        raise ClusterError(f"no Ray cluster at {address}: {line}") from None
    try:
        yield Cluster(workers)
    finally:
        ray.shutdown()


def _check_answers(address: str) -> None:
    """Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise UserError(f"--cluster {address}: allowed are auto and HOST:PORT")
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER_SECONDS).close()
    except OSError as error:
        raise ClusterError(f"no Ray cluster at {address}: {error.strerror or error}") from None


def _alive() -> list[Shape]:
    import ray

    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def _to_come() -> list[tuple[Shape, int]]:
    """Resources of the kinds of machine that an autoscaler manages, and how many it may start."""
    from ray._private.state import state

    config = state.get_cluster_config()
    groups = config.node_group_configs if config else ()
    return [(dict(group.resources), max(group.max_count, 0)) for group in groups]
