"""What goes from a store, and what stays: by age and kind, with several homes, and on S3."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from keeping_samples import LARGER, SMALL, Keeper, damage

from sweeps.home import Home
from sweeps.keeping import deleting
from sweeps.recording import submissions
from trainables.jobs.contents import CHECKPOINT
from trainables.processes import mark
from trainables.store import collecting, inventory


def delete(keeper: Keeper, name: str, everywhere: bool = False) -> int | None:
    """Delete a sweep; return how many bytes that is said to free."""
    found = deleting.find(keeper.home, name, everywhere)
    deleting.delete(keeper.home, found)
    return found.frees


def test_nothing_goes_that_a_sweep_needs(keeper: Keeper) -> None:
    keeper.run(*LARGER)
    before = keeper.files()
    assert keeper.collect().bytes == 0
    assert keeper.files() == before
    assert not keeper.run(*LARGER)


def test_what_a_deleted_sweep_shared_stays(keeper: Keeper) -> None:
    keeper.run(*SMALL)
    keeper.run(*LARGER)
    own = keeper.plan(*LARGER).jobs.keys() - keeper.plan(*SMALL).jobs.keys()
    frees = delete(keeper, "larger")
    may_go = keeper.rubbish()
    assert {held.key for held in may_go.unneeded} == own
    assert frees == may_go.bytes > 0
    assert keeper.collect().bytes == frees
    assert not keeper.run(*SMALL), "the other is still complete"
    assert {job.key for job in keeper.run(*LARGER)} == own, "only what was lost is made again"


def test_another_home_on_the_store_keeps_what_it_needs(
    keeper: Keeper, make_home: Callable[[Path], Home], tmp_path: Path
) -> None:
    """Even of the same sweep, deleted in the first home."""
    other = Keeper(make_home(tmp_path / "other")).in_store(keeper.home.store)
    keeper.run(*SMALL)
    assert not other.run(*SMALL), "everything is there"
    assert delete(keeper, "digits-mlp") == 0
    for one in (keeper, other):
        assert not one.collect().unneeded
    assert not other.run(*SMALL)
    frees = delete(other, "digits-mlp")
    assert frees == inventory.size(keeper.rubbish().unneeded) > 0


def test_measurements_are_kept_if_that_is_wanted(keeper: Keeper) -> None:
    keeper.run(*SMALL)
    delete(keeper, "digits-mlp")
    keeper.collect(measurements=False)
    assert {kind for kind, _ in inventory.take(keeper.store).artifacts} == {"instability"}
    assert not keeper.run(*SMALL), "results need no networks"


def test_what_is_young_is_left_alone(keeper: Keeper) -> None:
    keeper.run(*SMALL)
    delete(keeper, "digits-mlp")
    from sweeps.keeping.collecting import survey
    from sweeps.keeping.rubbish import Wanted

    found = survey(keeper.store, keeper.home, Wanted(), 3600)
    assert found.bytes == 0
    assert len(found.young) == len(keeper.plan(*SMALL).jobs)
    assert survey(keeper.store, keeper.home, Wanted(), 0).bytes > 0


def test_leavings(keeper: Keeper) -> None:
    """Of finished trainings, of writers that died, and of damage; but no file of others."""
    keeper.run(*SMALL, record=False)
    sound = keeper.files()
    jobs = list(keeper.plan(*SMALL).jobs.values())
    store, root = keeper.store, Path(keeper.home.store)
    arm = next(job for job in jobs if job.kind == "arm")

    store.write(CHECKPOINT, arm.key, b"a finished training", "safetensors")
    store.write(CHECKPOINT, "ab" * 16, b"a training that no sweep needs", "safetensors")
    store.write("arm", "cd" * 16, b"its manifest was not written", "safetensors")
    store.files.remove(f"arm/cd/{'cd' * 16}.json")
    place = mark().rpartition("-")[0]
    for who in (mark(), f"{place}-4194305"):  # there is no such process
        (root / "arm" / f"x.partial-{who}-1-1").write_text("half")
    store.write("state", "ef" * 16, b"damaged", "safetensors")
    store.set_aside("state", "ef" * 16)
    store.write("from-the-future", "ef" * 16, b"new", "bin")
    (root / "notes.txt").write_text("mine")

    assert [held.key for held in keeper.rubbish().young] == ["cd" * 16], "it may be on its way"
    keeper.age()
    found = keeper.collect()
    assert [held.key for held in found.checkpoints] == [arm.key]
    assert [held.key for held in found.unneeded] == ["ab" * 16]
    assert [held.key for held in found.unfinished] == ["cd" * 16]
    assert len(found.damaged) == 2
    assert len(found.abandoned) == 1
    left = keeper.files().keys() - sound.keys()
    assert {path.partition("/")[0] for path in left} == {"from-the-future", "notes.txt", "arm"}
    assert [path for path in left if path.startswith("arm")] == [f"arm/x.partial-{mark()}-1-1"]


def test_a_replaced_payload_goes_and_the_artifact_stays(keeper: Keeper) -> None:
    keeper.run(*SMALL, record=False)
    store = keeper.store
    job = next(job for job in keeper.plan(*SMALL).jobs.values() if job.kind == "instability")
    payload = store.read(job.kind, job.key).payload
    store.write(job.kind, job.key, b"another", "json")
    store.write(job.kind, job.key, payload, "json")
    assert not keeper.collect().superseded, "its manifest may be on its way"
    keeper.age()
    assert [held.key for held in keeper.collect().superseded] == [job.key]
    assert len(inventory.take(store).artifacts[job.kind, job.key].payloads) == 1
    assert store.read(job.kind, job.key).payload == payload


def test_the_checkpoint_of_a_training_under_way_stays(keeper: Keeper) -> None:
    keeper.run(*SMALL, record=False)
    arm = next(job for job in keeper.plan(*SMALL).jobs.values() if job.kind == "arm")
    keeper.store.delete(arm.kind, arm.key)
    keeper.store.write(CHECKPOINT, arm.key, b"half way", "safetensors")
    assert not keeper.collect().checkpoints
    assert keeper.store.complete([(CHECKPOINT, arm.key)])


def test_a_damaged_network_from_a_file_stays_unless_files_go(keeper: Keeper) -> None:
    store = keeper.store
    store.write("given", "ab" * 16, b"one", "safetensors")
    store.write("given", "cd" * 16, b"two", "safetensors")
    store.set_aside("given", "cd" * 16)
    found = keeper.collect()
    assert found.bytes == 0
    assert [held.key for held in found.kept] == ["ab" * 16]
    assert keeper.collect(given=True).bytes > 0
    assert not [path for path in keeper.files() if "given" in path]


def test_a_sweep_that_begins_meanwhile_loses_nothing(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It submits after the collector saw what is needed, and waits until that is done."""
    monkeypatch.setattr(collecting, "LOOK_SECONDS", 0.05)
    keeper.run(*SMALL, record=False)
    keeper.forget()
    done: list[object] = []
    driver = threading.Thread(target=lambda: done.append(keeper.run(*SMALL, record=False)))
    remove = type(keeper.store.files).remove

    first = threading.Lock()

    def slowly(files: object, path: str) -> None:
        if first.acquire(blocking=False):
            driver.start()
            deadline = time.monotonic() + 60
            while not keeper.store.keys(submissions.OF_HOME) and time.monotonic() < deadline:
                time.sleep(0.01)
        remove(files, path)  # type: ignore[arg-type]

    monkeypatch.setattr(type(keeper.store.files), "remove", slowly)
    gone = keeper.collect().unneeded
    driver.join(120)
    assert len(gone) == len(keeper.plan(*SMALL).jobs)
    assert [len(jobs) for jobs in done] == [len(gone)]  # type: ignore[arg-type]
    assert not keeper.run(*SMALL, record=False)


@pytest.mark.slow
def test_on_s3(keeper: Keeper, bucket: str) -> None:
    from sweeps.keeping.verifying import verify

    there = keeper.in_store(bucket)
    there.run(*SMALL, record=False)
    there.run(*LARGER, record=False)
    assert there.collect().bytes == 0
    found = deleting.find(there.home, "larger", everywhere=False)
    deleting.delete(there.home, found)
    store = there.store
    assert there.collect().bytes == found.frees
    job = next(job for job in there.plan(*SMALL).jobs.values() if job.kind == "arm")
    (payload,) = inventory.take(store).artifacts[job.kind, job.key].payloads
    store.files.put(payload.path, store.files.get(payload.path)[:-1] + b"x")
    damaged = list(verify(store, inventory.take(store), lambda number, size: None))
    assert [one.key for one in damaged] == [job.key]
    assert len(inventory.take(store).damaged) == 2
    assert not there.run(*SMALL, record=False)


def test_status_in_numbers(keeper: Keeper) -> None:
    from sweeps.keeping.status import status

    keeper.run(*SMALL)
    keeper.run(*LARGER)
    plans = {"digits-mlp": keeper.plan(*SMALL).jobs, "larger": keeper.plan(*LARGER).jobs}
    numbers = status(keeper.store, keeper.home, 0)
    held = inventory.take(keeper.store).artifacts
    assert numbers["bytes"] == inventory.size(held.values())
    assert sum(one["artifacts"] for one in numbers["kinds"]) == numbers["artifacts"] == len(held)
    for row in numbers["sweeps"]:
        jobs = plans[row["sweep"]]
        others = set().union(*(p.keys() for name, p in plans.items() if name != row["sweep"]))
        assert row["artifacts"] == len(jobs)
        assert row["artifacts_alone"] == len(jobs.keys() - others)
    both = plans["digits-mlp"].keys() & plans["larger"].keys()
    assert numbers["shared"]["artifacts"] == len(both)
    assert not any(one["number"] for one in numbers["may_go"].values())
    path = keeper.payload(next(iter(plans["digits-mlp"].values())))
    damage(path)
    os.utime(path)
    assert status(keeper.store, keeper.home, 0)["artifacts"] == len(held), "it reads listings"
