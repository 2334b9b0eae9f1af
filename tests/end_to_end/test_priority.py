"""Two sweeps of different priority on one cluster of two workers, on real Ray."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import PATIENCE, wait_for
from ray.cluster_utils import Cluster

WORKERS = 2

DRIVER = """
import json, sys, time
from pathlib import Path

from sweeps.loading import load
from sweeps.placement import Demand
from sweeps.plan import expand
from sweeps.running.handout import Handout
from sweeps.running.rivals import RayBoard, Rivals
from sweeps.running.schedule import Schedule
from sweeps.running.sites import attached
from trainables.jobs.kinds import Training
from trainables.store import Leases, Store

address, folder = sys.argv[1], Path(sys.argv[2])
priority, inits, orders = map(int, sys.argv[3:])
begun = set()

def tell(**what):
    print(json.dumps({"at": time.time()} | what), flush=True)

class Told:
    def job_done(self, job): tell(done=job.key)
    def job_failed(self, job, reason, trace): tell(failed=trace)
    def reported(self, worker, report):
        if worker not in begun:
            begun.add(worker)
            tell(begun=worker)
    def batch_ended(self, worker): pass
    def waiting(self): pass
    def told(self, line): pass
    def look(self): pass

spec = [f"inits={inits}", f"orders={orders}", "rewind=[0]", "subnetworks=[{strategy: dense}]"]
recipe = ["recipe.backend=loop", "recipe.length=600"]
plan = expand(load("digits-mlp", spec + recipe)[0])
jobs = {key: job for key, job in plan.jobs.items() if isinstance(job, Training)}
demand, store = Demand({"CPU": 1.0}), Store(str(folder / "store"))
with attached(address) as site, Leases(store, "driver") as leases:
    from sweeps.running import tuning
    from sweeps.running.searcher import Settings

    settings = Settings(2, demand, 0, store.url, folder, 60.0, folder / "tune")
    schedule = Schedule(jobs, 2, batch_seconds=0)
    with Rivals(folder.name, priority, demand, RayBoard()) as rivals:
        handout = Handout(schedule, store, leases, lambda: site.capacity(demand), rivals=rivals)
        tuning.run(handout, settings, Told(), bool)
    tell(left=schedule.left, announced=list(RayBoard().all()))
"""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    found = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp") as folder:  # short socket paths
        found.add_node(num_cpus=WORKERS, temp_dir=folder)
        yield found
        found.shutdown()


class Driver:
    """A driver in a process of its own, and what it tells."""

    def __init__(self, cluster: Cluster, folder: Path, priority: int, inits: int, orders: int):
        folder.mkdir()
        self.log = folder / "log"
        command = [sys.executable, "-c", DRIVER, cluster.address, str(folder)]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, str(priority), str(inits), str(orders)],
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )

    def told(self, what: str) -> list[tuple[float, Any]]:
        """When it told something of a kind, and what."""
        lines = [line for line in self.log.read_text().splitlines() if line.startswith('{"at"')]
        found = [json.loads(line) for line in lines if line.endswith("}")]
        return [(one["at"], one[what]) for one in found if what in one]

    def finish(self) -> None:
        assert self.process.wait(PATIENCE) == 0, self.log.read_text()
        assert not self.told("failed"), self.log.read_text()
        assert self.told("left")[-1][1] == 0
        assert self.log.parent.name not in self.told("announced")[-1][1]


@pytest.mark.slow  # who gives way when: tests/sweeps/running/test_priority.py
def test_the_higher_one_gets_every_worker_that_becomes_free(
    cluster: Cluster, tmp_path: Path
) -> None:
    """Once it has a worker, the lower one begins no batch but one that had its room before; it goes
    on when the higher one has no more jobs than workers. Both end."""
    low = Driver(cluster, tmp_path / "low", 0, 1, 30)
    wait_for(lambda: len(low.told("done")) > 2 * WORKERS, low.process)
    high = Driver(cluster, tmp_path / "high", 5, 4, 2)  # from the first on, several are ready
    high.finish()
    low.finish()
    begun = [at for at, _ in high.told("begun")]
    between = [at for at, _ in low.told("begun") if begun[0] < at < begun[-1]]
    assert len(between) < WORKERS
    assert low.told("begun")[0][0] < begun[0]
    assert low.told("begun")[-1][0] > begun[-1]
    for driver, jobs in ((low, 1 + 30), (high, 4 + 8)):  # initial weights, and arms
        done = [key for _, key in driver.told("done")]
        assert len(done) == len(set(done)) == jobs
