"""Sharing what this machine could not run, from and to stores and records that are elsewhere."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from own_measure import write_all
from recording_samples import SMALL, Recorded, diverged_second, measured
from s3_server import S3Server, forget_connections
from sharing_samples import brought, do, everything, frames, train, written

from sweeps import placement, results
from sweeps.home import Home, resolve
from sweeps.keeping import deleting
from sweeps.plan import growing
from sweeps.plugins import use
from sweeps.recording import submissions
from sweeps.recording.recorder import Recorder
from sweeps.recording.submissions import sweep_key
from trainables import plugins
from trainables.jobs.kinds import Measurement
from trainables.store import Store

Cli = Callable[..., Any]


def own_values(job: Measurement) -> dict[str, Any]:
    if job.measure == "instability":
        return measured(job)
    return {"weights_left": 100.0, "total": float(job.of[0].order_seed)}


def test_results_of_own_code_are_read_without_it(cli: Cli, other: Home, tmp_path: Path) -> None:
    home = resolve(str(tmp_path / "own"))
    home.make()
    spec = write_all(tmp_path / "code")
    use(spec, None)
    Recorded(home).submit(spec=spec, values=own_values)
    written(home, tmp_path / "own.zip", name="own")
    for file in (tmp_path / "code").glob("*.py"):
        file.unlink()
    plugins.use(None)
    said = cli("import", str(tmp_path / "own.zip"), "--home", str(other.folder))
    assert said.status == 0, said.err
    assert "a further run needs the code mine:MEASURE: --plugins FOLDER" in said.out
    found = results.read(other, "own").trials
    assert list(found["total_1"]) == [1.0]
    assert list(found["total_2"]) == [2.0]
    written(other, tmp_path / "again.zip", name="own")
    assert plugins.here() == plugins.OwnCode()


def test_results_of_another_device_are_read_and_its_spec_says_so(
    other: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep that left the device open, on a machine with a GPU; its networks diverged."""
    home = resolve(str(tmp_path / "gpu"))
    home.make()
    with monkeypatch.context() as there:
        there.setattr(placement, "gpus", lambda: 1)
        Recorded(home).submit(*SMALL, values=diverged_second)
        there_key = sweep_key(Recorded(home).plan(*SMALL)[0])
        recipe = results.read(home, "digits-mlp").settings[0].hyperparameters
        assert recipe["device"] == "cuda"
    written(home, tmp_path / "gpu.zip")
    done = brought(tmp_path / "gpu.zip", other)
    assert everything(other) == everything(home)
    assert results.read(other, "digits-mlp").trials["diverged_2"].all()
    assert done.pinned == {"device": "cuda", "backend": "stacked"}
    raw = yaml.safe_load(done.specs[0].read_text(encoding="utf-8"))
    assert raw["recipe"] == {"base": "digits-mlp", "device": "cuda", "backend": "stacked"}
    assert sweep_key(Recorded(other).plan(spec=str(done.specs[0]))[0]) == there_key


@pytest.mark.slow
def test_a_plan_that_grew_grows_as_far_without_its_networks(other: Home, tmp_path: Path) -> None:
    """Of adaptive pruning the masks say which levels there are."""
    home = resolve(str(tmp_path / "grown"))
    home.make()
    sweep, text = Recorded(home).plan(
        "recipe.length=30",
        "rewind=[0]",
        "inits=1",
        "orders=2",
        "subnetworks=[{strategy: imp-adaptive, until_left: 60 %}]",
    )
    store = Store(home.store)
    plan = do(sweep.spec, store, home)
    recorder = Recorder(home, plan, store)
    recorder.open(text, {})
    for trial in plan.trials:
        recorder.record(trial)
    recorder.close(complete=True)
    written(home, tmp_path / "grown.zip")
    brought(tmp_path / "grown.zip", other)
    assert everything(other) == everything(home)
    again, _ = growing.from_store(sweep.spec, Store(other.store))
    assert [trial.key for trial in again.trials] == [trial.key for trial in plan.trials]
    assert not again.open


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "any")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server = S3Server()
    server.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    forget_connections()
    yield server
    server.stop()
    forget_connections()


@pytest.mark.slow
def test_stores_in_a_bucket_and_records_that_mlflow_keeps(
    s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With options in its address, a database is MLflow's own, as one of a server is."""
    monkeypatch.chdir(tmp_path)  # MLflow puts files there
    there, here = (
        resolve(
            str(tmp_path / name),
            s3.make_bucket(name),
            f"sqlite:///{tmp_path}/{name}.db?timeout=60",
        )
        for name in ("there", "here")
    )
    assert there.database is None
    train(there, "recipe.length=10", "rewind=[0]", "inits=1", "orders=2", "subnetworks=[dense]")
    done = written(there, tmp_path / "bucket.zip", weights=True)
    assert (done.trials, done.networks, done.missing) == (1, 3, 0)
    brought(tmp_path / "bucket.zip", here)
    assert everything(here) == everything(there)
    assert brought(tmp_path / "bucket.zip", here).nothing
    stores = [Store(home.store) for home in (there, here)]
    for kind in ("arm", "state", "instability", "submission"):
        keys = stores[0].keys(kind)
        assert keys
        assert keys == stores[1].keys(kind)
        for key in keys:
            assert stores[0].read(kind, key) == stores[1].read(kind, key)
    pd_frames = [frames(home) for home in (there, here)]
    assert pd_frames[0]["curves"].equals(pd_frames[1]["curves"])


@pytest.mark.slow
def test_what_comes_next_names_the_home(
    cli: Cli, archives: dict[bool, Path], tmp_path: Path
) -> None:
    home = tmp_path / "of ada"
    said = cli("import", str(archives[False]), "--home", str(home)).out
    commands = [line.partition("sweeps ")[2] for line in said.splitlines() if "sweeps " in line]
    assert [shlex.split(one)[0] for one in commands] == ["results", "report", "run"]
    for one in commands[:2]:
        assert cli(*shlex.split(one)).status == 0
    assert shlex.split(commands[2])[2:] == ["--home", str(home)]


def test_what_one_home_imported_and_deletes_stays_for_the_others(
    archives: dict[bool, Path], tmp_path: Path
) -> None:
    """Of a store that two homes share."""
    homes = [resolve(str(tmp_path / name), str(tmp_path / "store")) for name in ("one", "two")]
    for home in homes:
        brought(archives[False], home)
        brought(archives[False], home, name="renamed")
    one, two = homes
    for name in ("digits-mlp", "renamed"):
        deleting.delete(one, deleting.find(one, name, everywhere=False))
    kept, unreadable = submissions.kept(Store(two.store))
    assert unreadable == []
    assert {each.home for each in kept} == {two.identity, None}
    assert {each.sweep.name for each in kept} == {"digits-mlp", "renamed"}
    assert len(results.read(two, "digits-mlp").trials) == 4
    for name in ("digits-mlp", "renamed"):
        deleting.delete(two, deleting.find(two, name, everywhere=True))
    assert submissions.kept(Store(two.store)) == ([], [])
