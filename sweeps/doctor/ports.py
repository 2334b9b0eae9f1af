"""Who may reach what listens on this machine, as Linux tells it."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sweeps.doctor.finding import Finding, fine, hint

LISTENING = "0A"
TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))

LOOPBACK_ALONE = {8265: "Ray's dashboard, which runs whatever it is sent", 5000: "MLflow"}
"""Ports that a head opens for its own machine alone (docs/how-to/cluster.md)."""


@dataclass(frozen=True)
class Socket:
    """A TCP socket that listens."""

    address: str
    port: int
    inode: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return ipaddress.ip_address(self.address).is_loopback


def known(ports: dict[int, str] = LOOPBACK_ALONE) -> Finding:
    """Check that ports which are for this machine alone are not open to others."""
    wide = {one.port for one in listening() if one.port in ports and not one.is_loopback}
    if wide:
        said = ", ".join(f"{port} ({ports[port]})" for port in sorted(wide))
        return hint("ports", f"other machines reach {said}: let it listen on 127.0.0.1, and take "
                    "a tunnel (docs/how-to/cluster.md)")  # fmt: skip
    return fine("ports", "what listens here for this machine alone is closed to others")


def of(pids: Iterable[int]) -> Finding:
    """Check that what some processes listen on can be reached from this machine alone."""
    found = listening(pids)
    wide = sorted({one.port for one in found if not one.is_loopback})
    if wide:
        return hint("Ray's ports", f"other machines reach {', '.join(map(str, wide))}; they need "
                    "a token that this machine alone has")  # fmt: skip
    return fine("Ray's ports", f"{len(found)}, all on loopback, closed to other machines")


def listening(pids: Iterable[int] | None = None) -> list[Socket]:
    """Return the TCP sockets that listen: all of this machine, or those of some processes."""
    every = [one for table in TABLES for one in _read(table)]
    if pids is None:
        return every
    own = {inode for pid in pids for inode in _inodes(pid)}
    return [one for one in every if one.inode in own]


def _read(table: Path) -> list[Socket]:
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:
        return []
    found = []
    for line in lines:
        _, local, _, state, *rest = line.split()
        if state == LISTENING:
            address, _, port = local.partition(":")
            found.append(Socket(_address(address), int(port, 16), int(rest[5])))
    return found


def _address(text: str) -> str:
    """An address from its words of four bytes, each the wrong way round."""
    words = [bytes.fromhex(text[at : at + 8])[::-1] for at in range(0, len(text), 8)]
    found = ipaddress.ip_address(b"".join(words))
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)


def _inodes(pid: int) -> Collection[int]:
    found = set()
    with suppress(OSError):  # it has ended
        for link in os.scandir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                target = os.readlink(link.path)
                if target.startswith("socket:["):
                    found.add(int(target[8:-1]))
    return found
