"""The token that a cluster asks its clients for (docs/how-to/cluster.md)."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from sweeps.cluster import token
from sweeps.doctor.finding import Finding, fine, hint, stop

SUBJECT = "token"


def file(path: Path | None = None) -> Finding:
    """Check that nobody but its owner may read the file of the token, if there is one."""
    if os.environ.get("RAY_AUTH_TOKEN") and path is None:
        return fine(SUBJECT, "RAY_AUTH_TOKEN holds one")
    path = path or token.file()
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        held = path.read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        return fine(SUBJECT, "none; a sweep on this machine makes its own, a cluster needs one")
    except OSError as error:
        return hint(SUBJECT, f"cannot read {path}: {error.strerror}")
    if not held:
        return hint(SUBJECT, f"{path} is empty: remove it, and a head makes another")
    if mode & 0o077:
        return hint(SUBJECT, f"other users can read {path} (mode {mode:o}): chmod 600 {path}")
    return fine(SUBJECT, f"{path}, for its owner alone")


def asked_for(address: str) -> Finding:
    """Check that a cluster refuses clients that show no token."""
    import requests

    try:
        status = requests.get(f"{address}/api/jobs/", timeout=10).status_code
    except (requests.RequestException, ValueError):
        return stop("cluster", f"no Ray cluster answers at {address}")
    if status in (401, 403):
        return fine(SUBJECT, "the cluster asks for one")
    return hint(
        SUBJECT,
        f"{address} asks for none: whoever reaches it runs anything on the cluster; start it with "
        "`sweeps node head`, or RAY_AUTH_MODE=token",
    )
