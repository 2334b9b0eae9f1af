"""All checks, in order."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from sweeps import tracking
from sweeps.doctor import (
    clock,
    cluster,
    data_sets,
    disk,
    gpu,
    memory,
    ports,
    records,
    store,
    token,
    trial_ray,
    versions,
)
from sweeps.doctor.finding import Finding, stop
from sweeps.errors import UserError
from sweeps.home import Home
from trainables.addresses import is_url

Check = Callable[[], Finding | Iterable[Finding]]


def of_machine(home: Home, quick: bool) -> Iterator[Finding]:
    """Yield what this machine comes to; `quick` leaves out Ray's start, and MLflow's database."""
    for subject, check in _checks(home, quick):
        yield from _guarded(subject, check)


def of_cluster(address: str) -> Iterator[Finding]:
    """Yield what a cluster comes to. Raises UserError where none is named so."""
    yield from _guarded("cluster", partial(cluster.check, address))


def _checks(home: Home, quick: bool) -> Iterator[tuple[str, Check]]:
    yield "versions", versions.installed
    yield "memory", memory.free
    yield "/dev/shm", memory.shared
    yield "home", partial(disk.room, "home", home.folder)
    yield "temporary", partial(disk.room, "temporary", Path(tempfile.gettempdir()))
    if not is_url(home.store) and _device(Path(home.store)) != _device(home.folder):
        yield "store", partial(disk.room, "store", Path(home.store))
    yield "store", partial(store.check, home.store)
    yield "records", partial(records.check, home, quick)
    if tracking.is_server(home.tracking):
        yield "clock", partial(clock.of_server, home.tracking)
    yield "token", token.file
    yield "ports", ports.known
    yield "GPU", gpu.seen
    yield "data sets", partial(data_sets.there, home.data)
    if not quick:
        yield "Ray", trial_ray.start


def _device(path: Path) -> int:
    return disk.existing(path).stat().st_dev


def _guarded(subject: str, check: Check) -> Iterator[Finding]:
    """A check that fails itself is a finding, and the others are made all the same."""
    try:
        found = check()
        yield from [found] if isinstance(found, Finding) else found
    except UserError:
        raise
    except Exception as error:
        yield stop(subject, f"this check failed: {type(error).__name__}: {error}")
