"""`sweeps list`: the sweeps of a home, or the submissions to a cluster."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sweeps import terminal
from sweeps.commands.cluster import AddressOption, list_submissions
from sweeps.commands.options import HomeOption, TrackingOption
from sweeps.errors import UserError

if TYPE_CHECKING:
    from sweeps.overview import Row


def list_(
    home: HomeOption = None, tracking: TrackingOption = None, address: AddressOption = None
) -> None:
    """List a home's sweeps and their submissions; with an address, the submissions to a cluster."""
    if address or os.environ.get("SWEEPS_ADDRESS"):
        list_submissions(address)
        return
    from sweeps import overview
    from sweeps import tracking as servers
    from sweeps.home import resolve
    from sweeps.recording import database, faults

    place = resolve(home, None, tracking)
    database.require(place)
    servers.check(place.tracking)
    with faults.told(place):
        rows = overview.rows(place)
    if not rows:
        raise UserError(f"nothing is recorded in {place.folder}, or its experiments were deleted")
    for row in rows:
        _print(row)


def _print(row: Row) -> None:
    """A block: a submission's differences and its report's path fit into no column."""
    console = terminal.console()
    what = "; ".join(row.differences) or ("as built in" if row.built_in else "as first submitted")
    when = row.submitted[:16].replace("T", " ")
    console.print(f"{row.sweep}  {row.key[:8]}  {row.state}", soft_wrap=True)
    console.print(f"  {what}", soft_wrap=True)
    lost = f" ({row.unmeasurable} cannot be measured)" if row.unmeasurable else ""
    console.print(
        f"  {row.recorded} of {row.wanted} trials{lost}, submitted {when} UTC", soft_wrap=True
    )
    if row.report:
        console.print(f"  report: {row.report}", soft_wrap=True)
