"""What is sent to a cluster, which is made up here."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from own_measure import write_all
from own_networks import write_network

from sweeps.cluster.config import AGAIN, Cluster
from sweeps.cluster.jobs import Jobs, Submission
from sweeps.errors import UserError
from sweeps.plugins import use
from trainables import plugins


class Client:
    """Keeps what is submitted: the files of the working directory, by path, and the command."""

    def __init__(self) -> None:
        self.jobs: list[Any] = []
        self.files: list[dict[str, str]] = []
        self.environments: list[dict[str, str]] = []

    def submit_job(
        self,
        entrypoint: str,
        submission_id: str,
        runtime_env: dict[str, Any],
        metadata: dict[str, str],
    ) -> None:
        self.environments.append(runtime_env["env_vars"])
        folder = Path(runtime_env["working_dir"])
        paths = [path for path in folder.rglob("*") if path.is_file()]
        self.files.append(
            {
                str(path.relative_to(folder)): path.read_bytes().decode(errors="surrogateescape")
                for path in paths
            }
        )
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
    monkeypatch.setattr(found, "check_versions", lambda: None)
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


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('measure: ["mine:MEASURES"]', "mine.py has no 'MEASURES'; did you mean 'MEASURE'?"),
        ('measure: [{measure: "mine:NONE"}]', "mine.py has no 'NONE'"),
        ('measure: ["none:NONE"]', "there is no module none"),
        ('recipe: {base: digits-mlp, network: "mine:wide"}', "mine.py has no 'wide'"),
        ('recipe: {base: digits-mlp, data: "mine:data"}', "mine.py has no 'data'"),
    ],
)
def test_own_code_is_looked_at_before_it_is_sent(
    jobs: Jobs, tmp_path: Path, line: str, said: str
) -> None:
    """Even where the data lie on the cluster alone, so that the rest cannot be."""
    spec = Path(write_all(tmp_path))
    key = line.partition(":")[0]
    lines = [one for one in spec.read_text().splitlines() if not one.startswith(key)]
    if key == "measure":
        lines = [one for one in lines if not one.startswith("recipe")]
        lines.append('recipe: {base: digits-mlp, data: "s3://bucket/images.tar"}')
    spec.write_text("\n".join([*lines, line]) + "\n")
    with pytest.raises(UserError) as raised:
        submit(jobs, str(spec))
    assert said in str(raised.value)
    assert not jobs._client.list_jobs()


def test_a_driver_knows_how_its_user_goes_on(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    use("digits-mlp", None)
    jobs.submit("digits-mlp", ["inits=1", "description=a b"])
    client: Any = jobs._client
    assert client.environments[0][AGAIN] == (
        "sweeps submit digits-mlp --set inits=1 --set 'description=a b'"
    )


def test_a_priority_is_the_drivers_and_changes_no_identity(jobs: Jobs) -> None:
    use("digits-mlp", None)
    first, started = jobs.submit("digits-mlp", priority=3)
    client: Any = jobs._client
    assert started
    assert first.priority == 3
    assert client.jobs[0].entrypoint.endswith("--cluster auto --priority 3")
    assert client.environments[0][AGAIN] == "sweeps submit digits-mlp --priority 3"
    assert jobs.submit("digits-mlp", priority=9) == (first, False)
    client.jobs[0].status.value = "STOPPED"
    again, started = jobs.submit("digits-mlp")
    assert started
    assert again.content == first.content
    assert again.priority == 0
    assert "--priority" not in client.jobs[1].entrypoint


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


def of_files(folder: Path, *addresses: str) -> str:
    spec = folder / "files.yaml"
    spec.write_text(
        "name: files\nrecipe: digits-mlp\nsubnetworks:\n"
        f"- {{strategy: files, networks: [{', '.join(addresses)}]}}\n"
    )
    return str(spec)


def test_networks_below_the_current_folder_are_sent_where_they_lie(
    jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    client: Any = jobs._client
    write_network(tmp_path / "runs" / "a.pt", seed=1)
    write_network(tmp_path / "b.safetensors", seed=2)
    spec = of_files(tmp_path, "runs/a.pt", "./b.safetensors")
    first, _ = submit(jobs, spec)
    (files,) = client.files
    assert sorted(files) == ["b.safetensors", "runs/a.pt", "spec.yaml"]
    there = files["runs/a.pt"].encode(errors="surrogateescape")
    assert there == (tmp_path / "runs/a.pt").read_bytes()
    assert submit(jobs, spec) == (first, False)
    write_network(tmp_path / "b.safetensors", seed=3)
    other, started = submit(jobs, spec)
    assert started
    assert other.content != first.content


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("../a.pt", "subnetworks: ../a.pt is not below the current folder, so it is not sent"),
        ("~/a.pt", "subnetworks: ~/a.pt is not below the current folder, so it is not sent"),
        ("nowhere.pt", "subnetworks: nowhere.pt: there is no such file"),
        ("large.pt", "subnetworks: the files have 91 MiB together, and at most 90 are sent"),
        ("wrong.pt", "subnetworks[0].networks[1]: wrong.pt: torch.load cannot read it"),
    ],
)
def test_networks_that_are_not_sent(
    jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_network(tmp_path / "a.pt", seed=1)
    (tmp_path / "wrong.pt").write_bytes(b"no network")
    with (tmp_path / "large.pt").open("wb") as file:
        file.truncate(91 * 2**20)
    with pytest.raises(UserError) as raised:
        submit(jobs, of_files(tmp_path, "a.pt", address))
    assert said in str(raised.value)
    assert not jobs._client.list_jobs()


def test_networks_at_absolute_paths_are_the_clusters(jobs: Jobs, tmp_path: Path) -> None:
    submit(jobs, of_files(tmp_path, "/nowhere/a.pt", "/nowhere/b.pt"))
    client: Any = jobs._client
    assert list(client.files[0]) == ["spec.yaml"]


class Forgetful:
    """A client of a Ray that writes a job down again that was removed before it was seen to end."""

    def __init__(self, comes_back: int):
        self.comes_back = comes_back
        self.there: set[str] = set()
        self.removed = 0

    def submit_job(self, entrypoint: str, submission_id: str) -> str:
        self.there.add(submission_id)
        return submission_id

    def get_job_status(self, identity: str) -> Any:
        return SimpleNamespace(is_terminal=lambda: True)

    def get_job_logs(self, identity: str) -> str:
        return "said"

    def delete_job(self, identity: str) -> None:
        self.there.remove(identity)
        self.removed += 1
        if self.removed <= self.comes_back:
            self.there.add(identity)

    def list_jobs(self) -> list[Any]:
        return [SimpleNamespace(submission_id=identity) for identity in self.there]


@pytest.mark.parametrize("comes_back", [0, 1])
def test_a_job_on_the_head_is_removed_for_good(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, comes_back: int
) -> None:
    client = Forgetful(comes_back)
    monkeypatch.setattr(jobs, "_client", client)
    monkeypatch.setattr("sweeps.cluster.jobs.UNSEEN_SECONDS", 1.0)
    assert jobs.run_on_head(["say", "it"], 10.0) == "said"
    assert not client.there
    assert client.removed == comes_back + 1
