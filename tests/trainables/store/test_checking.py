"""Artifacts are told from damaged ones without a change to either."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from stored_files import KEY, KIND, OTHER, PAYLOAD

from trainables.store import Missing, Store, checking
from trainables.store.files import PART


@pytest.mark.parametrize("payload", [PAYLOAD, b"", b"x"])
def test_sound(store, payload):
    store.write(KIND, KEY, payload, "bin", seconds=1.5)
    assert checking.problem(store, KIND, KEY) is None
    found = checking.peek(store, KIND, KEY)
    assert found is not None
    assert (found.payload, found.facts["seconds"]) == (payload, 1.5)


def _other_manifest(files):
    held = json.loads(files.fs.cat_file(files.manifest()))
    files.change(files.manifest(), json.dumps(held | {"key": OTHER}).encode())


DAMAGE = {
    "its checksum is wrong": lambda files: files.change(
        files.payloads()[0], PAYLOAD[:-1] + bytes([PAYLOAD[-1] ^ 1])
    ),
    "it has 1,023 bytes instead of 1,024": lambda files: files.change(
        files.payloads()[0], PAYLOAD[:-1]
    ),
    "it has 1,025 bytes instead of 1,024": lambda files: files.change(
        files.payloads()[0], PAYLOAD + b"x"
    ),
    "its payload is not there": lambda files: files.remove(files.payloads()[0]),
    "its manifest is damaged": lambda files: files.change(files.manifest(), b"{"),
}


@pytest.mark.parametrize("problem", DAMAGE)
def test_damaged(store, files, problem):
    store.write(KIND, KEY, PAYLOAD, "bin")
    DAMAGE[problem](files)
    before = files.all()
    assert checking.problem(store, KIND, KEY) == problem
    assert checking.peek(store, KIND, KEY) is None
    assert files.all() == before


def test_the_manifest_of_another_artifact(store, files):
    store.write(KIND, KEY, PAYLOAD, "bin")
    _other_manifest(files)
    assert checking.problem(store, KIND, KEY) == "its manifest is damaged"


def test_not_there(store):
    with pytest.raises(Missing):
        checking.problem(store, KIND, KEY)
    assert checking.peek(store, KIND, KEY) is None


def test_a_replaced_artifact_is_no_damage(store, files, monkeypatch):
    """The manifest changes after it was read, and its payload goes."""
    store.write(KIND, KEY, b"old", "bin")
    read, reads = type(store.files).get, []

    def get(self, path, size=None):
        content = read(self, path, size)
        if not reads:
            reads.append(path)
            store.write(KIND, KEY, b"new", "bin")
            store.prune(KIND, KEY)
        return content

    monkeypatch.setattr(type(store.files), "get", get)
    assert checking.problem(store, KIND, KEY) is None
    assert len(reads) == 1


def test_a_large_payload_is_not_held(tmp_path):
    store = Store(str(tmp_path))
    store.write(KIND, KEY, bytes(6 * PART + 1), "bin")
    tracemalloc.start()
    try:
        assert checking.problem(store, KIND, KEY) is None
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2.5 * PART
