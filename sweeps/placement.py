"""What machines there are, and what fits on them."""

from __future__ import annotations

import ctypes
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sweeps.errors import UserError
from trainables.recipe import Recipe

WORKER_ENVIRONMENT = {
    # A recipe says how many threads its trainings have; until then, one.
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # Large temporaries otherwise go back to the system and come again page by page (2x).
    "MALLOC_MMAP_THRESHOLD_": "4294967296",
    "MALLOC_TRIM_THRESHOLD_": "8589934592",
    "MALLOC_TOP_PAD_": "268435456",
}
"""Of every worker process."""

Shape = Mapping[str, float]
"""What a worker holds, as Ray counts it: CPU, GPU, ..."""

DRIVER = "trial_driver"
"""The resource that a trial holds whose training has workers of its own."""

DRIVERS = 1000
"""Of it, where nobody says how much: what limits trainings is the room for their workers."""

CGROUP = Path("/sys/fs/cgroup")
"""Where a container sees the limits that it has."""


@dataclass(frozen=True)
class Demand:
    """What a training holds: its workers, each of a shape."""

    worker: Shape
    workers: int = 1

    @property
    def trial(self) -> Shape:
        """What Tune's own process holds. Where it is not the worker it holds no room that its
        workers need: two such would wait for ever."""
        return self.worker if self.workers == 1 else {DRIVER: 1.0}


@dataclass(frozen=True)
class Machines:
    """What a sweep may run on: the resources of each machine, all it has and not what is free."""

    each: Sequence[Shape]
    name: str = "the cluster"
    """In errors; none for this machine."""

    @property
    def gpus(self) -> float:
        return sum(machine.get("GPU", 0) for machine in self.each)

    def trainings(self, demand: Demand) -> int:
        """How many fit at a time. Raises UserError if none ever does."""
        fit = self.workers(demand.worker)
        if demand.workers == 1:
            return fit
        here = self.name or "this machine"
        if fit < demand.workers:
            each = ", ".join(f"{amount:g} {name}" for name, amount in demand.worker.items())
            raise UserError(
                f"a training needs {demand.workers} workers with {each} each; {here} has room for "
                f"{fit}: set recipe.workers, which changes no result"
            )
        drivers = sum(machine.get(DRIVER, 0) for machine in self.each)
        if drivers < 1:
            raise UserError(
                f"a training with workers needs 1 {DRIVER}; {here} has none: start its head with "
                f"""--resources='{{"{DRIVER}": {DRIVERS}}}'"""
            )
        return min(int(drivers), fit // demand.workers)

    def workers(self, shape: Shape) -> int:
        """How many workers of this shape fit at a time. Raises UserError if none ever does."""
        fit = sum(self._fit(machine, shape) for machine in self.each)
        if not fit:
            most = {name: max((m.get(name, 0) for m in self.each), default=0) for name in shape}
            lacking = [name for name in shape if most[name] < shape[name]]
            wanted = ", ".join(f"{shape[name]:g} {name}" for name in lacking or shape)
            has = " and ".join(f"{most[name]:g} {name}" for name in lacking or shape)
            where = f"no machine of {self.name} has more than" if self.name else "this machine has"
            raise UserError(f"a worker needs {wanted}; {where} {has}")
        return fit

    @staticmethod
    def _fit(machine: Shape, shape: Shape) -> int:
        # Shares of a GPU add up to a whole only within rounding.
        return min(int(machine.get(name, 0) / amount + 1e-9) for name, amount in shape.items())


ANYTHING = Machines([{"CPU": 1e6, "GPU": 1e6}])
"""Where it need not be known what there is."""


def this_machine() -> Machines:
    return Machines([{"CPU": cores(), "GPU": gpus(), DRIVER: DRIVERS}], name="")


def machines_of(hardware: str | None) -> Machines:
    """Return machines to plan for: with CPU cores alone (`cpu`), with a GPU, or this one."""
    if hardware is None:
        return this_machine()
    return Machines([{"CPU": cores()}], name="") if hardware == "cpu" else ANYTHING


def check_threads(recipe: Recipe) -> None:
    """Raises UserError if this machine has fewer cores than a worker of a recipe has threads."""
    if recipe.threads > cores():
        raise UserError(f"recipe.threads: {recipe.threads} threads; this machine has {cores()} CPU")


def gpus() -> int:
    """NVIDIA GPUs that Ray and PyTorch see on this machine."""
    return _visible(os.environ.get("CUDA_VISIBLE_DEVICES"), _driver_gpus())


@cache
def _driver_gpus() -> int:
    """As NVIDIA's driver says. A device file may be there without a driver."""
    try:
        nvml = ctypes.CDLL("libnvidia-ml.so.1")
        count = ctypes.c_uint()
        if nvml.nvmlInit_v2() or nvml.nvmlDeviceGetCount_v2(ctypes.byref(count)):
            return 0
        nvml.nvmlShutdown()
    except (OSError, AttributeError):  # no driver, or one of another age
        return 0
    return count.value


def _visible(chosen: str | None, there: int) -> int:
    """How many of a machine's GPUs CUDA_VISIBLE_DEVICES leaves.

    Numbers, or the ids of GPUs or of MIG's parts of them. CUDA ignores all from the first wrong
    one on, and all where one is listed twice.
    """
    if chosen is None:
        return there
    names = [name.strip() for name in chosen.split(",")]
    wrong = (n for n, name in enumerate(names) if not _may_be_gpu(name, there))
    names = names[: next(wrong, len(names))]
    return min(len(names), there) if len(set(names)) == len(names) else 0


def _may_be_gpu(name: str, there: int) -> bool:
    return int(name) < there if name.isdecimal() else name.startswith(("GPU-", "MIG-"))


def cores() -> int:
    """CPU cores that this process may use: those it may run on, and its container's share."""
    if hasattr(os, "sched_getaffinity"):
        there = len(os.sched_getaffinity(0))
    else:
        there = os.cpu_count() or 1
    return max(1, int(min(there, _container_cores(CGROUP))))


def _container_cores(folder: Path) -> float:
    """The limit of a container on processor time, in cores; infinite without one."""
    try:
        if (limit := folder / "cpu.max").exists():
            quota, period = limit.read_text().split()
        else:
            quota, period = (
                (folder / "cpu" / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period")
            )
        return float(quota) / float(period) if float(quota) > 0 else math.inf
    except (OSError, ValueError):  # no limit: "max"
        return math.inf
