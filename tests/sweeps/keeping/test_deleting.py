"""What goes with a sweep, in which home."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from keeping_samples import SMALL, SUBMITTED, Keeper

from sweeps.errors import UserError
from sweeps.home import Home
from sweeps.keeping import deleting
from sweeps.recording import database, submissions
from sweeps.running import meter
from trainables.store import inventory


def entries(keeper: Keeper) -> list[tuple[str, str]]:
    """Kinds and keys of the submissions in the store."""
    return [(kind, key) for kind in SUBMITTED for key in keeper.store.keys(kind)]


def delete(keeper: Keeper, name: str, everywhere: bool = False) -> deleting.Deletion:
    found = deleting.find(keeper.home, name, everywhere)
    deleting.delete(keeper.home, found)
    return found


def test_records_files_and_submissions_go_and_artifacts_stay(keeper: Keeper) -> None:
    keeper.run(*SMALL, "description=one")
    keeper.run(*SMALL, "inits=[2]")
    artifacts = {which for which in inventory.take(keeper.store).artifacts if "sub" not in which[0]}
    keeper.home.spent.write_text(json.dumps({"another": {"seconds": 1.0}}))
    found = delete(keeper, "digits-mlp")
    assert (found.count("sweep"), found.count("trial")) == (2, 4)
    assert inventory.take(keeper.store).artifacts.keys() == artifacts
    assert keeper.home.artifacts is not None
    assert not [path for path in keeper.home.artifacts.rglob("*") if path.is_file()]
    assert json.loads(keeper.home.spent.read_text()) == {"another": {"seconds": 1.0}}
    assert not keeper.run(*SMALL), "before gc nothing is lost"
    client = database.client_of(keeper.home, write=False)
    experiment = client.get_experiment_by_name("digits-mlp")
    assert experiment is not None
    assert len(client.search_runs([experiment.experiment_id])) == 1 + 2, "records begin anew"


def test_what_a_budget_has_counted_is_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "spent.json"
    file.write_text(json.dumps({"a": {"seconds": 1.0}, "b": {"seconds": 2.0}}))
    meter.forget(file, {"a", "c"})
    assert json.loads(file.read_text()) == {"b": {"seconds": 2.0}}
    meter.forget(tmp_path / "none.json", {"a"})
    assert not (tmp_path / "none.json").exists()


def test_a_deletion_that_was_cut_short_is_finished_by_the_next(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper.run(*SMALL)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(meter, "forget", killed)
        with pytest.raises(KeyboardInterrupt):
            delete(keeper, "digits-mlp")
    assert not delete(keeper, "digits-mlp").runs
    assert entries(keeper) == []


def test_what_another_home_submitted_goes_only_if_that_is_said(
    keeper: Keeper, make_home: Callable[[Path], Home], tmp_path: Path
) -> None:
    other = Keeper(make_home(tmp_path / "other")).in_store(keeper.home.store)
    other.run(*SMALL)
    with pytest.raises(UserError, match=f"its store has one of {tmp_path}/other on .*--everywhere"):
        deleting.find(keeper.home, "digits-mlp", everywhere=False)
    keeper.run(*SMALL)
    assert len(entries(keeper)) == 3
    delete(keeper, "digits-mlp")
    assert sorted(kind for kind, _ in entries(keeper)) == ["submission", "submitted"]
    delete(keeper, "digits-mlp", everywhere=True)
    assert entries(keeper) == []


def test_the_last_home_takes_the_submission_along(
    keeper: Keeper, make_home: Callable[[Path], Home], tmp_path: Path
) -> None:
    other = Keeper(make_home(tmp_path / "other")).in_store(keeper.home.store)
    for one in (keeper, other):
        one.run(*SMALL)
    for one in (keeper, other):
        delete(one, "digits-mlp")
    assert entries(keeper) == []


def test_a_home_that_moved_is_the_same(keeper: Keeper, tmp_path: Path) -> None:
    from sweeps.home import resolve

    keeper.run(*SMALL)
    shutil.move(keeper.home.folder, tmp_path / "moved")
    moved = Keeper(resolve(str(tmp_path / "moved")))
    assert not moved.run(*SMALL)
    assert len(entries(moved)) == 2
    delete(moved, "digits-mlp")
    assert entries(moved) == []


@pytest.mark.parametrize("inside", [True, False])
def test_submissions_of_versions_that_noted_no_home(
    keeper: Keeper, tmp_path: Path, inside: bool
) -> None:
    if not inside:
        keeper = keeper.in_store(str(tmp_path / "shared"))
    keeper.run(*SMALL)
    keeper.forget()
    submissions.save(keeper.store, keeper.plan(*SMALL), "")
    keeper.run(*SMALL)  # here it is noted from now on; of others nothing is known
    delete(keeper, "digits-mlp")
    assert len(entries(keeper)) == (0 if inside else 1)
    if not inside:
        delete(keeper, "digits-mlp", everywhere=True)
    assert entries(keeper) == []


def test_what_records_rebuild_records_is_of_this_home_then(
    keeper: Keeper, make_home: Callable[[Path], Home], tmp_path: Path
) -> None:
    from sweeps.recording.rebuild import rebuild

    keeper.run(*SMALL)
    (first, *_), _ = submissions.kept(keeper.store)
    other = Keeper(make_home(tmp_path / "other")).in_store(keeper.home.store)
    rebuild(other.home, other.store, (), print)
    both, _ = submissions.kept(keeper.store)
    assert {one.home for one in both} == {keeper.home.identity, other.home.identity, None}
    assert {one.submitted_at for one in both} == {first.submitted_at}
    delete(keeper, "digits-mlp")
    assert not keeper.rubbish().unneeded
