"""A Ray of our own on this machine.

Starting it takes some 7 s, most of it waiting: meanwhile the driver imports Tune.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

WORKER_ENVIRONMENT = {
    # A recipe says how many threads its trainings have; until then, one.
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # Large temporaries otherwise go back to the system and come again page by page (2x).
    "MALLOC_MMAP_THRESHOLD_": "4294967296",
    "MALLOC_TRIM_THRESHOLD_": "8589934592",
    "MALLOC_TOP_PAD_": "268435456",
}
"""Of every worker process. Set in the driver's environment, which they inherit: a Ray runtime
environment would keep Ray's prestarted processes from being used, 3 s more."""


@contextmanager
def local_ray(cpus: int) -> Iterator[None]:
    """Ray with so many CPUs and all GPUs; never a cluster that happens to be running."""
    os.environ.update(WORKER_ENVIRONMENT)
    import ray

    importing = threading.Thread(target=import_module, args=("sweeps.run.tuning",))
    importing.start()
    ray.init(
        address="local",
        num_cpus=cpus,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="error",
    )
    try:
        importing.join()
        yield
    finally:
        ray.shutdown()
