"""Damage is found, set aside, and made again by the sweeps that need it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from keeping_samples import SMALL, Keeper, damage

from sweeps.keeping.verifying import Damage, to_do_again, verify
from trainables.jobs.kinds import Job
from trainables.store import inventory


def checked(keeper: Keeper) -> list[Damage]:
    moved: list[tuple[int, int]] = []
    listed = inventory.take(keeper.store)
    found = list(verify(keeper.store, listed, lambda number, size: moved.append((number, size))))
    assert moved[-1] == (len(listed.artifacts), inventory.size(listed.artifacts.values()))
    return found


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def no_manifest(path: Path) -> None:
    path.with_name(f"{path.name[:32]}.json").write_text("{")


@pytest.mark.parametrize(
    ("kind", "spoil"),
    [("state", damage), *(("instability", one) for one in (damage, cut, Path.unlink, no_manifest))],
)
def test_damage_is_set_aside_and_made_again(
    keeper: Keeper, kind: str, spoil: Callable[[Path], None]
) -> None:
    keeper.run(*SMALL, record=False)
    assert checked(keeper) == []
    before = keeper.files().keys()
    job = [job for job in keeper.plan(*SMALL).jobs.values() if job.kind == kind][-1]
    spoil(keeper.payload(job))
    (found,) = checked(keeper)
    assert (found.kind, found.key, found.set_aside) == (kind, job.key, True)
    assert not [path for path in keeper.files() if path.startswith(f"{kind}/") and job.key in path]
    assert checked(keeper) == []
    again = _again(keeper, job)
    # No result needs W_k again: the networks trained from it are there.
    assert [one.key for one in again] == ([job.key] if kind == "instability" else [])
    assert [one.key for one in keeper.run(*SMALL, record=False)] == [one.key for one in again]
    if again:
        assert keeper.files().keys() >= before


def _again(keeper: Keeper, job: Job) -> list[Job]:
    complete = {key for _, key in inventory.take(keeper.store).complete()}
    again = to_do_again(keeper.references(), complete, {job.key})
    assert {one.sweep for one in again} <= {"digits-mlp"}
    return [one for each in again for one in each.jobs]


def test_a_damaged_submission_stays_where_it_is(keeper: Keeper) -> None:
    """Without it nobody would know what it needs."""
    keeper.run(*SMALL, record=False)
    (path,) = Path(keeper.home.store, "submission").glob("*/*.*.*.json")
    damage(path)
    (found,) = checked(keeper)
    assert (found.kind, found.set_aside) == ("submission", False)
    assert path.exists()
    keeper.run(*SMALL, record=False)
    assert checked(keeper) == []


def test_stopping_early_loses_nothing(keeper: Keeper) -> None:
    keeper.run(*SMALL, record=False)
    jobs = list(keeper.plan(*SMALL).jobs.values())
    for job in jobs:
        damage(keeper.payload(job))
    found = verify(keeper.store, inventory.take(keeper.store), lambda number, size: None)
    first = next(found)
    found.close()
    rest = checked(keeper)
    assert {first.key, *(one.key for one in rest)} == {job.key for job in jobs}


def test_what_is_deleted_meanwhile_is_no_damage(keeper: Keeper) -> None:
    keeper.run(*SMALL, record=False)
    listed = inventory.take(keeper.store)
    for job in keeper.plan(*SMALL).jobs.values():
        keeper.store.delete(job.kind, job.key)
    assert list(verify(keeper.store, listed, lambda number, size: None)) == []
    assert not inventory.take(keeper.store).damaged
