"""Where commands read results from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sweeps.errors import UserError

if TYPE_CHECKING:
    from sweeps.home import Home
    from sweeps.results import Results, Scope


def tracking_of(tracking: str | None, address: str | None) -> str | None:
    """A cluster's tracking server where a cluster is meant. Raises UserError if none is known."""
    if tracking or not (address or os.environ.get("SWEEPS_ADDRESS")):
        return tracking
    from sweeps.cluster import config

    cluster = config.find(address)
    if cluster.tracking is None:
        raise UserError(
            f"where is the tracking server of {cluster.name}? --tracking URL, SWEEPS_TRACKING, or "
            f"tracking in {config.file()}"
        )
    return cluster.tracking


def read_results(
    place: Home, name: str, submission: str | None = None, scope: Scope | None = None
) -> Results:
    """Read a sweep's results, as `sweeps.results.read`. Raises UserError where there are none."""
    from analysis import records
    from sweeps import tracking
    from sweeps.errors import did_you_mean
    from sweeps.recording import database, faults
    from sweeps.results import read

    database.require(place)
    tracking.check(place.tracking)
    try:
        with faults.told(place):
            return read(place, name, submission, scope)
    except records.UnknownSweep as error:
        raise UserError(f"{error}{did_you_mean(name, error.known)}") from None
