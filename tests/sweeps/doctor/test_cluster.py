"""`sweeps doctor --address` against a head that `sweeps node` started, with a token."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SWEEPS = [sys.executable, "-c", "from sweeps.cli import main; main()"]


@dataclass(frozen=True)
class Head:
    folder: Path
    """The home of its user, with the token."""
    address: str

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("RAY_", "SWEEPS_"))}
        own = {"HOME": str(self.folder), "SWEEPS_HOME": str(self.folder / "state")}
        return subprocess.run(command, capture_output=True, text=True, cwd=self.folder,
                              env=kept | own | environment)  # fmt: skip

    def doctor(self, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [*SWEEPS, "doctor", "--quick", "--address", self.address]
        return self.run(*command, **environment)


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Head]:
    with socket.socket() as a, socket.socket() as b, socket.socket() as c:
        for probe in (a, b, c):
            probe.bind(("", 0))
        port, dashboard, tracking = (str(one.getsockname()[1]) for one in (a, b, c))
    found = Head(tmp_path_factory.mktemp("head"), f"http://127.0.0.1:{dashboard}")
    ports = ["--port", port, "--dashboard-port", dashboard, "--tracking-port", tracking]
    started = found.run(*SWEEPS, "node", "head", *ports, "--cpus", "1")
    assert started.returncode == 0, started.stderr
    yield found
    found.run(*SWEEPS, "node", "stop")


@pytest.mark.slow
def test_a_head_checks_itself_as_a_job_that_is_removed(head: Head) -> None:
    said = head.doctor()
    parts = (line.partition("  ") for line in said.stdout.splitlines())
    lines = {subject: words.strip() for subject, _, words in parts}
    assert said.returncode == 0, said.stdout + said.stderr
    assert lines["cluster"].startswith(f"fine ({head.address} answers: 1 machine, 1 CPU")
    assert lines["head: versions"].startswith("fine (Python ")
    assert lines["head: records"].startswith("fine (http://127.0.0.1:")
    assert "the cluster asks for one" in said.stdout
    script = (
        "import sys; from ray.job_submission import JobSubmissionClient as Client; "
        "print(Client(sys.argv[1]).list_jobs())"
    )
    jobs = head.run(sys.executable, "-c", script, head.address, RAY_AUTH_MODE="token")
    assert jobs.stdout.strip() == "[]", jobs.stderr


@pytest.mark.slow
def test_a_wrong_token_is_told(head: Head) -> None:
    said = head.doctor(RAY_AUTH_TOKEN="0" * 64)
    assert said.returncode == 1
    assert f"the cluster at {head.address} refuses this token" in said.stdout
