"""What listings show of a store, on each kind of file system."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from stored_files import KEY, KIND, OTHER, PAYLOAD

from trainables.processes import mark
from trainables.store import Store, inventory


def test_artifacts_with_their_sizes_and_ages(store, files):
    begun = time.time()
    store.write(KIND, KEY, PAYLOAD, "bin")
    store.write("arm", OTHER, b"other", "json")
    listed = inventory.take(store)
    assert listed.complete() == {(KIND, KEY), ("arm", OTHER)}
    held = listed.artifacts[KIND, KEY]
    assert held.bytes == sum(files.fs.size(path) for path in (files.manifest(), *files.payloads()))
    assert held.paths == [f"{KIND}/ab/{KEY}.json", held.payloads[0].path], "the manifest first"
    assert begun - 5 < held.modified < time.time() + 5
    assert [listed.damaged, listed.abandoned, listed.leased] == [[], [], set()]


@pytest.mark.parametrize("lost", ["manifest", "payload", "bytes"])
def test_what_is_not_whole_is_not_complete(store, files, lost):
    store.write(KIND, KEY, PAYLOAD, "bin")
    (payload,) = files.payloads()
    if lost == "bytes":
        files.change(payload, PAYLOAD[:-1])
    else:
        files.remove(files.manifest() if lost == "manifest" else payload)
    listed = inventory.take(store)
    assert (KIND, KEY) in listed.artifacts
    assert not listed.complete()


def test_replaced_and_set_aside(store):
    store.write(KIND, KEY, b"old", "bin")
    store.write(KIND, KEY, b"new", "bin")
    assert len(inventory.take(store).artifacts[KIND, KEY].payloads) == 2
    begun = time.time()
    store.set_aside(KIND, KEY)
    listed = inventory.take(store)
    assert not listed.artifacts
    assert [inventory.key_of(one) for one in listed.damaged] == [KEY] * 3
    assert {inventory.kind_of(one) for one in listed.damaged} == {KIND}
    assert all(one.modified >= begun for one in listed.damaged), "its age counts from then"


def test_files_that_no_store_wrote_are_passed_over(tmp_path: Path):
    store = Store(str(tmp_path))
    for name in ("notes.txt", f"state/cd/{KEY}.json", f"a/b/ab/{KEY}.json", "damaged/mine.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    listed = inventory.take(store)
    assert [listed.artifacts, listed.damaged, listed.abandoned] == [{}, [], []]


def test_partial_files_of_the_dead(tmp_path: Path):
    store = Store(str(tmp_path))
    folder = tmp_path / KIND / "ab"
    folder.mkdir(parents=True)
    place = mark().rpartition("-")[0]
    for number, who in enumerate((mark(), f"{place}-4194305")):  # there is no such process
        (folder / f"{KEY}.json.partial-{who}-1-{number}").write_text("half")
    assert [one.path[-3:] for one in inventory.take(store).abandoned] == ["1-1"]
