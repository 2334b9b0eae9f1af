"""What is sent to a cluster, which is made up here."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from own_measure import write_all

from sweeps.cluster.config import Cluster
from sweeps.cluster.jobs import Jobs, Submission
from sweeps.plugins import use
from trainables import plugins


class Client:
    """Keeps what is submitted: the files of the working directory, by path, and the command."""

    def __init__(self) -> None:
        self.jobs: list[Any] = []
        self.files: list[dict[str, str]] = []

    def submit_job(
        self,
        entrypoint: str,
        submission_id: str,
        runtime_env: dict[str, Any],
        metadata: dict[str, str],
    ) -> None:
        folder = Path(runtime_env["working_dir"])
        paths = [path for path in folder.rglob("*") if path.is_file()]
        self.files.append({str(path.relative_to(folder)): path.read_text() for path in paths})
        self.jobs.append(
            SimpleNamespace(
                submission_id=submission_id,
                metadata=metadata,
                status=SimpleNamespace(value="RUNNING"),
                message="",
                start_time=len(self.jobs),
                end_time=None,
                entrypoint=entrypoint,
            )
        )

    def list_jobs(self) -> list[Any]:
        return self.jobs


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    found = object.__new__(Jobs)
    found.cluster = Cluster("made up", "http://127.0.0.1:1")
    monkeypatch.setattr(found, "_client", Client(), raising=False)
    monkeypatch.setattr(found, "_check_versions", lambda: None)
    yield found
    plugins.use(None)


def submit(jobs: Jobs, spec: str) -> tuple[Submission, bool]:
    use(spec, None)
    return jobs.submit(spec)


def test_own_code_lies_beside_the_spec(jobs: Jobs, tmp_path: Path) -> None:
    """In a folder from which nothing is imported by its place in the working directory."""
    spec = write_all(tmp_path)
    (tmp_path / "unused.py").write_text("1 / 0")
    submit(jobs, spec)
    client: Any = jobs._client
    (files,) = client.files
    assert sorted(files) == ["own-code/lab/scales.py", "own-code/mine.py", "spec.yaml"]
    assert files["own-code/mine.py"] == (tmp_path / "mine.py").read_text()
    command = shlex.split(client.jobs[0].entrypoint)
    assert command == ["sweeps", "run", "spec.yaml", "--cluster", "auto", "--plugins", "own-code"]
    submit(jobs, "digits-mlp")
    assert list(client.files[1]) == ["spec.yaml"]
    assert "--plugins" not in client.jobs[1].entrypoint


def test_a_submission_of_other_code_is_another(jobs: Jobs, tmp_path: Path) -> None:
    """Where just a comment is another, it is the same, which is under way."""
    first, started = submit(jobs, write_all(tmp_path))
    assert started
    with (tmp_path / "mine.py").open("a") as file:
        file.write("# a comment\n")
    assert submit(jobs, str(tmp_path / "own.yaml")) == (first, False)
    other, started = submit(jobs, write_all(tmp_path, scale=3.0))
    assert started
    assert other.content != first.content
