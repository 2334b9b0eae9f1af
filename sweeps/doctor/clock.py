"""Clocks of servers against this machine's."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

from sweeps.doctor.finding import Finding, fine, hint, stop
from trainables.store.leases import CLOCK_SECONDS

SUBJECT = "clock"
APART = 30.0
"""Seconds: times in records would mislead."""


def of_server(address: str) -> Finding:
    """Check how far the clock of an HTTP server is from this machine's, to within a second or two.

    Leases in the store bear `CLOCK_SECONDS`, and S3 refuses requests beyond 15 minutes.
    """
    import requests

    try:
        begin = time.time()
        # Any answer has a date, that to a client without a token, too.
        answer = requests.get(address, timeout=10, allow_redirects=False, stream=True)
        middle = (begin + time.time()) / 2
        answer.close()
    except (requests.RequestException, ValueError):
        return stop(SUBJECT, f"nothing answers at {address}")
    if "Date" not in answer.headers:
        return fine(SUBJECT, f"{address} does not tell its own")
    ahead = parsedate_to_datetime(answer.headers["Date"]).timestamp() + 0.5 - middle
    said = f"that of {address} is {abs(ahead):.0f} s {'ahead' if ahead > 0 else 'behind'}"
    if abs(ahead) > CLOCK_SECONDS:
        return stop(SUBJECT, f"{said}: set both by NTP, or leases in the store mean nothing")
    if abs(ahead) > APART:
        return hint(SUBJECT, f"{said}: set both by NTP")
    return fine(SUBJECT, f"within {max(abs(ahead), 1):.0f} s of {address}")
