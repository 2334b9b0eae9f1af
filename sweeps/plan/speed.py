"""How fast a core of this machine is, beside the one that the planner's constants fit."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cache

from sweeps.plan.hardware import CPU_CORE, Hardware

REFERENCE_SECONDS = 4.0e-3
"""What `probe` should take on the reference core, a Sapphire Rapids server's. Not measured there,
but inferred: it takes 2.1 ms on an AMD EPYC (Zen 5), where small networks train 1.9 times as
fast as on the reference core (docs/explanation/performance.md)."""

SLOWEST, FASTEST = 2.5, 0.4
"""Beyond these a measurement is of something else, such as a machine that is busy."""

TRIES = 5
ROUNDS = 300


def probe() -> float:
    """Return the seconds of some small products and what follows them; the best of several tries.

    It is what training a small network costs: less arithmetic than calls. Takes 10 to 30 ms.
    """
    import numpy as np

    inputs = np.ones((16, 48), np.float32)
    weights = np.full((48, 48), 0.01, np.float32)
    best = float("inf")
    for _ in range(TRIES):
        begin = time.perf_counter()
        for _ in range(ROUNDS):
            hidden = np.maximum(inputs @ weights, 0)
            hidden = (hidden - hidden.mean(0)) * 0.5
        best = min(best, time.perf_counter() - begin)
    return best


@cache
def this_core() -> Hardware:
    """Return the reference core's constants, scaled by how this machine's core compares.

    Products of large matrices are not scaled: both reach the same rate there.
    """
    factor = min(max(probe() / REFERENCE_SECONDS, FASTEST), SLOWEST)
    return replace(
        CPU_CORE,
        seconds_per_kernel=factor * CPU_CORE.seconds_per_kernel,
        seconds_per_value=factor * CPU_CORE.seconds_per_value,
        seconds_per_parameter=factor * CPU_CORE.seconds_per_parameter,
        seconds_per_pixel=factor * CPU_CORE.seconds_per_pixel,
        seconds_per_curved_value=factor * CPU_CORE.seconds_per_curved_value,
        seconds_to_start=factor * CPU_CORE.seconds_to_start,
    )
