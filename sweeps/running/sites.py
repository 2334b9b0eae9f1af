"""The Ray that a sweep runs on: one of our own on this machine, or a cluster that is there.

Starting our own takes some 7 s, most of it waiting: meanwhile the driver imports Tune.
"""

from __future__ import annotations

import math
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Protocol

from sweeps.errors import ClusterError, UserError
from sweeps.placement import (
    DRIVER,
    DRIVERS,
    WORKER_ENVIRONMENT,
    Demand,
    Machines,
    Shape,
    gpus,
    this_machine,
)
from sweeps.temporary import mend

ANSWER_SECONDS = 10.0


class Site(Protocol):
    """Where a sweep's workers run."""

    shared: bool
    """Whether its machines differ from the driver's: data are prepared by the workers."""

    at_most: int | None
    """Workers the user allows, where there is room for more."""

    @property
    def machines(self) -> Machines:
        """Return the machines there may be, by which a recipe's device is chosen."""

    def ready(self, demand: Demand, tell: Callable[[str], None]) -> Any:
        """Return a context in which Ray is there for such trainings.

        `tell` is given a line where that takes long. Raises ClusterError if Ray doesn't start.
        """

    def check(self) -> None:
        """Raise ClusterError if the Ray in which a run goes on is known to have died."""

    def capacity(self, demand: Demand) -> int:
        """Return the number of trainings there is room for now, whoever holds it."""

    def most(self, demand: Demand) -> int:
        """Return the number of trainings there could ever be room for. Raises UserError if none."""


class ThisMachine:
    """A Ray of our own; never a cluster that happens to be running."""

    shared = False
    at_most: int | None = None  # there is no more room than was asked for

    def __init__(self, workers: int | None = None):
        self._workers = workers

    @property
    def machines(self) -> Machines:
        return this_machine()

    def most(self, demand: Demand) -> int:
        fit = self.machines.trainings(demand)
        return self._workers or fit

    capacity = most

    def check(self) -> None:
        from sweeps.running.starting import ended_processes

        if ended := ended_processes():
            raise ClusterError(
                f"Ray on this machine died (its {ended[0]} ended); go on with the same command"
            )

    @contextmanager
    def ready(self, demand: Demand, tell: Callable[[str], None]) -> Iterator[None]:
        # In the driver's environment, which workers inherit: a Ray runtime environment would keep
        # Ray's prestarted processes from being used, 3 s more.
        os.environ.update(WORKER_ENVIRONMENT)
        mend(os.environ)
        from sweeps.running.starting import own_ray

        workers = self.most(demand) * demand.workers
        importing = threading.Thread(target=import_module, args=("sweeps.running.tuning",))
        importing.start()
        with own_ray(
            tell,
            num_cpus=math.ceil(workers * demand.worker.get("CPU", 0)) or 1,
            num_gpus=gpus(),
            resources={DRIVER: DRIVERS},
            include_dashboard=False,
            log_to_driver=False,
            logging_level="error",
        ):
            importing.join()
            yield


class Cluster:
    """A Ray cluster that is running, as large as it is at the moment."""

    shared = True

    def check(self) -> None:
        """Do nothing: Ray itself waits for a cluster's head to come back."""

    def __init__(self, workers: int | None = None):
        self._workers = self.at_most = workers

    @property
    def machines(self) -> Machines:
        """Those that are there, and one of each kind that the autoscaler could start."""
        return Machines([*_alive(), *(resources for resources, _ in _to_come())])

    def capacity(self, demand: Demand) -> int:
        try:
            fit = Machines(_alive()).trainings(demand)
        except UserError:  # the machines with room are yet to come
            return 1
        return min(fit, self._workers or fit)

    def most(self, demand: Demand) -> int:
        self.machines.trainings(demand)
        grown = [resources for resources, count in _to_come() for _ in range(count)]
        if not grown:
            return self._workers or self.capacity(demand)
        # The head, which holds the drivers, is there already.
        fit = Machines([*grown, *_alive()]).trainings(demand)
        return self._workers or max(fit, self.capacity(demand))

    @contextmanager
    def ready(self, demand: Demand, tell: Callable[[str], None]) -> Iterator[None]:
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

    from sweeps.running.starting import job_config, quieten

    if address == "auto":
        address = os.environ.get("RAY_ADDRESS", "auto")
    else:
        _check_answers(address)
    quieten()
    try:
        ray.init(
            address=address,
            runtime_env={"env_vars": WORKER_ENVIRONMENT},
            job_config=job_config(),
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
    """Check that a cluster answers: Ray itself would try for minutes."""
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
