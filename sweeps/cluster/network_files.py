"""The files of networks that a spec names, which travel with it to a cluster."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from sweeps.errors import UserError
from trainables.addresses import is_url

MAX_BYTES = 90 * 2**20
"""Of all files together: Ray's head takes uploads of up to 100 MiB."""

ELSEWHERE = "a URL, or an absolute path that all of the cluster's machines have"


def addresses(raw: Mapping[str, Any]) -> list[str]:
    """Return the addresses of all networks that a spec's keys name."""
    return list(_addresses(raw.get("subnetworks")))


def _addresses(subnetworks: Any) -> Iterator[str]:
    for one in subnetworks if isinstance(subnetworks, list) else []:
        if not isinstance(one, Mapping) or one.get("strategy") != "files":
            continue
        networks = one.get("networks")
        if isinstance(networks, Mapping):
            networks = list(networks.values())
        for address in networks if isinstance(networks, list) else []:
            if isinstance(address, str):
                yield address


def sent(raw: Mapping[str, Any]) -> dict[str, Path]:
    """Return the files to send: the path that a spec has, below the current folder -> the file.

    URLs and absolute paths are left to the cluster. Raises UserError.
    """
    found: dict[str, Path] = {}
    size = 0
    for address in addresses(raw):
        if is_url(address) or address.startswith("/"):
            continue
        if address.startswith("~") or ".." in PurePosixPath(address).parts:
            raise UserError(
                f"subnetworks: {address} is not below the current folder, so it is not sent; on a "
                f"cluster: {ELSEWHERE}"
            )
        file = Path(address)
        if not file.is_file():
            raise UserError(f"subnetworks: {address}: there is no such file")
        found[os.path.normpath(address)] = file
        size += file.stat().st_size
    if size > MAX_BYTES:
        raise UserError(
            f"subnetworks: the files have {size / 2**20:.0f} MiB together, and at most "
            f"{MAX_BYTES // 2**20} are sent; name {ELSEWHERE}"
        )
    return found


def on_the_cluster_alone(raw: Mapping[str, Any]) -> bool:
    """Return whether a spec names networks at absolute paths that this machine has not."""
    absolute = (one for one in addresses(raw) if one.startswith("/"))
    return any(not Path(one).exists() for one in absolute)


def digests(files: Mapping[str, Path]) -> dict[str, str]:
    """Return a hash of each file."""
    return {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()}
