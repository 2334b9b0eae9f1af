"""Sweeps that are run in this process, without Ray, and what is asked of their store."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

from sweeps.home import Home
from sweeps.keeping import collecting, references, rubbish
from sweeps.keeping.references import References
from sweeps.keeping.rubbish import Rubbish, Wanted
from sweeps.loading import load
from sweeps.plan import Plan
from sweeps.recording import submissions
from sweeps.recording.recorder import Recorder
from sweeps.running import driver
from sweeps.running.growth import Growth
from trainables.jobs.execute import Executor
from trainables.jobs.kinds import Job
from trainables.store import Store, inventory
from trainables.store.local import PARTIAL

SMALL = ("recipe.length=30", "rewind=[0, 10]", "inits=1", "orders=2", "subnetworks=[dense]")
"""Two trials: W_0, W_10, four arms and two measurements."""

LARGER = (*SMALL[:4], "subnetworks=[dense, {strategy: imp, levels: [1]}]", "name=larger")
"""Those of `SMALL`, and of a level of IMP."""

SUBMITTED = (submissions.KIND, submissions.OF_HOME)


@dataclass
class Keeper:
    """A home, and what a driver does in it, without Ray."""

    home: Home

    @property
    def store(self) -> Store:
        return Store(self.home.store)

    def in_store(self, store: str) -> Keeper:
        """The same home with another store."""
        return Keeper(replace(self.home, store=store))

    def run(self, *overrides: str, record: bool = True) -> list[Job]:
        """Run digits-mlp with overrides; return the jobs that were done."""
        spec, text = load("digits-mlp", overrides)
        growth = driver.begin(spec, text, self.home, self.store, print)
        executor = Executor(self.store, self.home.data, 1e9)
        done: list[Job] = []
        while needed := growth.plan.needed(growth.complete):
            done += needed.values()
            assert not [e for e in executor.run_batch(list(needed.values())) if hasattr(e, "error")]
            for job in needed.values():
                growth.hear(job)
            growth.grow({job.key for job in done}, {job.key for job in done})
        if record:
            recorder = Recorder(self.home, growth.plan, self.store)
            recorder.open(text, {})
            for trial in growth.plan.trials:
                recorder.record(trial)
            recorder.close(complete=True)
        return done

    def forget(self) -> None:
        """Remove every submission from the store: earlier versions stored none."""
        for kind in SUBMITTED:
            for key in self.store.keys(kind):
                self.store.delete(kind, key)

    def plan(self, *overrides: str) -> Plan:
        return Growth(load("digits-mlp", overrides)[0], self.store).plan

    def references(self) -> References:
        return references.find(self.store, self.home, inventory.take(self.store))

    def rubbish(self, **wanted: bool) -> Rubbish:
        """What may go, of any age."""
        listed = inventory.take(self.store)
        return rubbish.sort(listed, self.references(), Wanted(**wanted), time.time() + 1)

    def collect(self, **wanted: bool) -> Rubbish:
        """Delete what may go, of any age."""
        of = self.store, self.home, Wanted(**wanted)
        return collecting.collect(*of, -1.0, print, lambda done, total: None)

    def files(self) -> dict[str, float]:
        """Path -> time of the last change, of every file of the store but leases and locks."""
        listed = self.store.files.walk()
        return {path: at for path, _, at in listed if not path.startswith(("leases", "."))}

    def age(self, hours: float = 2.0) -> None:
        """Make every file of the store so old, but what is being written."""
        for path in Path(self.home.store).rglob("*.*"):
            if PARTIAL not in path.name:
                at = path.stat().st_mtime - 3600 * hours
                os.utime(path, (at, at))

    def payload(self, job: Job) -> Path:
        """The file of a job's payload."""
        folder = Path(self.home.store, job.kind, job.key[:2])
        (found,) = (path for path in folder.glob(f"{job.key}.*.*.*"))
        return found


def damage(path: Path) -> None:
    """Flip a bit of a file, whose size and times stay."""
    times = path.stat()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, (times.st_atime, times.st_mtime))
