"""Ray's start on a busy machine.

Ray waits for its own parts: 15 s for each agent of the raylet, which then ends, and 30 s for the
raylet. Imports alone take that long where others compute. Most of this is fixed in Ray's code, so
what helps is to notice at once that the raylet ended, and to start again: the files are then in the
system's cache.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sweeps.cluster.processes import descendants

SECONDS = 90.0
"""For the raylet, as long as it runs."""

ENVIRONMENT = {"RAY_gcs_server_port_wait_time_s": f"{SECONDS:.0f}"}
"""For Ray's server, which Ray starts before the raylet."""

PAUSES = 5.0, 15.0, 30.0
"""Seconds before each further try."""

ENDED = "the raylet ended while it started"
TOO_SLOW = f"the raylet did not start within {SECONDS:.0f} s"
SIGNS = (ENDED, TOO_SLOW, "timed out during startup", "Timed out waiting for file")
"""In errors that a busy machine explains: these two, and Ray's own."""


def explains(error: str) -> bool:
    """Whether a busy machine may be why Ray did not start."""
    return any(sign in error for sign in SIGNS)


def again(number: int) -> str:
    """The line that tells of a failed try; `number` counts the tries that failed."""
    return (
        f"Ray did not start in time on this busy machine; trying again in {PAUSES[number - 1]:.0f} "
        f"s ({number + 1} of {len(PAUSES) + 1})"
    )


@contextmanager
def waiting() -> Iterator[None]:
    """In this process Ray's start waits `SECONDS` for the raylet, but not for one that ended."""
    from ray._private import services

    once = services.get_node

    def get_node(*arguments: Any) -> Any:
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                return once(*arguments)
            except RuntimeError:  # not yet
                running = descendants(os.getpid()).values()
                if running and "raylet" not in running:
                    raise Exception(ENDED) from None
                if time.monotonic() > deadline:
                    raise Exception(TOO_SLOW) from None
            time.sleep(0.2)

    services.get_node = get_node
    try:
        yield
    finally:
        services.get_node = once
