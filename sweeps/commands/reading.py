"""Where commands read results from."""

from __future__ import annotations

import os
from pathlib import Path
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
    require_records(place)
    from analysis import records
    from sweeps import tracking
    from sweeps.errors import did_you_mean
    from sweeps.results import read

    tracking.check(place.tracking)
    try:
        return read(place, name, submission, scope)
    except records.UnknownSweep as error:
        raise UserError(f"{error}{did_you_mean(name, error.known)}") from None


def require_records(place: Home) -> None:
    """Reading must not create a database."""
    prefix = "sqlite:///"
    if place.tracking.startswith(prefix):
        database = Path(place.tracking.removeprefix(prefix))
        if not database.exists():
            raise UserError(f"nothing is recorded in {place.folder}: run a sweep first")
