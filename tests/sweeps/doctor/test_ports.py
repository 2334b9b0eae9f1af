"""Who reaches what listens, by sockets that do."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from sweeps.doctor import ports


def listening(host: str, family: socket.AddressFamily = socket.AF_INET) -> socket.socket:
    found = socket.socket(family)
    found.bind((host, 0))
    found.listen()
    return found


@pytest.mark.parametrize(
    ("host", "family", "state"),
    [
        ("127.0.0.1", socket.AF_INET, "fine"),
        ("127.0.0.2", socket.AF_INET, "fine"),
        ("0.0.0.0", socket.AF_INET, "hint"),
        ("::1", socket.AF_INET6, "fine"),
        ("::", socket.AF_INET6, "hint"),
    ],
)
def test_a_port_for_this_machine_alone(host: str, family: socket.AddressFamily, state: str) -> None:
    try:
        held = listening(host, family)
    except OSError:
        pytest.skip("no IPv6 here")
    with held:
        port = held.getsockname()[1]
        found = ports.known({port: "something"})
        assert found.state == state
        assert (f"other machines reach {port} (something)" in found.words) == (state == "hint")
        (seen,) = [one for one in ports.listening([os.getpid()]) if one.port == port]
        assert seen.address == host
    assert ports.known({port: "something"}).state == "fine"


def test_ports_of_processes_are_told_apart() -> None:
    script = (
        "import socket, sys; held = socket.create_server(('0.0.0.0', 0)); "
        "print(1, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        found = ports.of([other.pid])
        assert found.state == "hint"
        assert ports.of([]).state == "fine"
        other.communicate(b"")
    assert ports.of([other.pid]).state == "fine"
