"""Artifacts that are damaged, half written, or replaced while they are read."""

import contextlib
import json
import time

import pytest
from stored_files import KEY, KIND, OTHER, PAYLOAD, Files

from trainables.store import Missing, Store


def edit_manifest(files, **changes):
    path = files.manifest()
    manifest = json.loads(files.fs.cat_file(path)) | changes
    files.change(path, json.dumps(manifest).encode())


def flip_a_byte(files):
    [path] = files.payloads()
    files.change(path, PAYLOAD[:100] + bytes([PAYLOAD[100] ^ 1]) + PAYLOAD[101:])


def without_a_name(files, name):
    path = files.manifest()
    manifest = json.loads(files.fs.cat_file(path))
    del manifest[name]
    files.change(path, json.dumps(manifest).encode())


# What happened to an artifact, and whether sizes alone show it.
DAMAGE = {
    "payload gone": (lambda files: files.remove(files.payloads()[0]), True),
    "payload truncated": (lambda files: files.change(files.payloads()[0], PAYLOAD[:-1]), True),
    "payload emptied": (lambda files: files.change(files.payloads()[0], b""), True),
    "payload longer": (lambda files: files.change(files.payloads()[0], PAYLOAD + b"x"), True),
    "byte flipped": (flip_a_byte, False),
    "manifest garbage": (lambda files: files.change(files.manifest(), b"\xff\x00garbage"), False),
    "manifest truncated": (lambda files: files.change(files.manifest(), b'{"key": "ab'), False),
    "manifest empty": (lambda files: files.change(files.manifest(), b""), True),
    "manifest a list": (lambda files: files.change(files.manifest(), b"[1, 2]"), False),
    "manifest null": (lambda files: files.change(files.manifest(), b"null"), False),
    "manifest of another key": (lambda files: edit_manifest(files, key=OTHER), False),
    "manifest without checksum": (lambda files: without_a_name(files, "sha256"), False),
    "manifest without size": (lambda files: without_a_name(files, "bytes"), False),
    "manifest without payload": (lambda files: without_a_name(files, "payload"), False),
    "checksum of another": (lambda files: edit_manifest(files, sha256="0" * 64), False),
}


damaged = pytest.mark.parametrize("damage", [d for d, _ in DAMAGE.values()], ids=DAMAGE)


@damaged
def test_damage_is_set_aside_and_missing(store, files, damage):
    store.write(KIND, KEY, PAYLOAD, "bin")
    store.write(KIND, OTHER, b"untouched", "bin")
    damage(files)
    left = {path.rpartition("/")[2]: files.fs.cat_file(path) for path in files.all().values()}
    left = {name: content for name, content in left.items() if name.startswith(KEY)}
    with pytest.raises(Missing):
        store.read(KIND, KEY)
    # Everything that was left of it lies under damaged/, as it was, and nothing elsewhere.
    assert not [name for name in files.all() if name.startswith(KEY)]
    aside = files.set_aside()
    assert sorted(files.fs.cat_file(path) for path in aside) == sorted(left.values())
    assert all(any(path.endswith(name) for path in aside) for name in left)
    assert all(f"/damaged/{KIND}/" in path for path in aside)
    # It stays missing, can be made again, and no other artifact suffered.
    assert store.complete([(KIND, KEY), (KIND, OTHER)]) == {OTHER}
    with pytest.raises(Missing):
        store.read(KIND, KEY)
    store.write(KIND, KEY, PAYLOAD, "bin")
    assert store.read(KIND, KEY).payload == PAYLOAD
    assert store.read(KIND, OTHER).payload == b"untouched"
    assert len(files.set_aside()) == len(left)


@damaged
def test_complete_excludes_what_it_can_see(store, files, damage):
    store.write(KIND, KEY, PAYLOAD, "bin")
    store.write(KIND, OTHER, PAYLOAD[:-1], "bin")
    damage(files)
    visible = next(seen for d, seen in DAMAGE.values() if d is damage)
    assert store.complete([(KIND, KEY), (KIND, OTHER)]) == ({OTHER} if visible else {KEY, OTHER})
    assert bool(files.set_aside()) is visible


def test_damaged_twice_keeps_both(store, files):
    for damaged in (b"first", b"second"):
        store.write(KIND, KEY, PAYLOAD, "bin")
        files.change(files.payloads()[0], damaged)
        with pytest.raises(Missing):
            store.read(KIND, KEY)
        time.sleep(0.002)  # what is set aside is named by the millisecond
    contents = {files.fs.cat_file(path) for path in files.set_aside()}
    assert {b"first", b"second"} <= contents


def test_a_payload_without_a_manifest_is_not_an_artifact(store, files):
    """What a process killed between the two writes leaves."""
    store.write(KIND, KEY, PAYLOAD, "bin")
    files.remove(files.manifest())
    assert store.complete([(KIND, KEY)]) == set()
    with pytest.raises(Missing):
        store.read(KIND, KEY)
    store.write(KIND, KEY, PAYLOAD, "bin")
    assert store.read(KIND, KEY).payload == PAYLOAD


@pytest.mark.parametrize("writes", [1, 2])
def test_a_crash_in_any_write_leaves_no_half_artifact(store, monkeypatch, writes):
    """`write` puts the payload first; the process dies before its 1st or 2nd file is there."""
    put, done = store.files.put, 0

    def dies(path, content, **options):
        nonlocal done
        done += 1
        if done == writes:
            raise KeyboardInterrupt
        put(path, content, **options)

    monkeypatch.setattr(store.files, "put", dies)
    with pytest.raises(KeyboardInterrupt):
        store.write(KIND, KEY, PAYLOAD, "bin")
    assert store.complete([(KIND, KEY)]) == set()
    with pytest.raises(Missing):
        store.read(KIND, KEY)


def test_a_crash_in_a_rewrite_leaves_the_old_artifact(store, monkeypatch):
    store.write(KIND, KEY, b"old", "bin")
    put = store.files.put

    def dies(path, content, **options):
        if path.endswith(".json"):
            raise KeyboardInterrupt
        put(path, content, **options)

    monkeypatch.setattr(store.files, "put", dies)
    with pytest.raises(KeyboardInterrupt):
        store.write(KIND, KEY, b"new", "bin")
    assert store.read(KIND, KEY).payload == b"old"


def test_two_readers_may_find_the_same_damage(store, url, files, monkeypatch):
    """Both list the files; the other one has moved them when this one comes to it."""
    store.write(KIND, KEY, PAYLOAD, "bin")
    flip_a_byte(files)
    other, listed = Store(url), store._paths

    def listed_then_moved_by_the_other(kind, key):
        found = listed(kind, key)
        other.set_aside(kind, key)
        return found

    monkeypatch.setattr(store, "_paths", listed_then_moved_by_the_other)
    with pytest.raises(Missing):
        store.read(KIND, KEY)


def test_complete_does_not_set_aside_what_is_replaced_meanwhile(store, url, monkeypatch):
    """It reads the manifest, for there are two payloads; then that names one that is gone."""
    store.write(KIND, KEY, b"older", "bin")
    store.write(KIND, KEY, b"old", "bin")
    other, read_manifest = Store(url), store._read_manifest

    def read_then_replaced(kind, key):
        manifest = read_manifest(kind, key)
        other.write(KIND, KEY, b"replaced", "bin")
        other.prune(KIND, KEY)
        return manifest

    with monkeypatch.context() as patch:
        patch.setattr(store, "_read_manifest", read_then_replaced)
        assert store.complete([(KIND, KEY)]) == {KEY}
    assert other.read(KIND, KEY).payload == b"replaced"
    assert not Files(url).set_aside()


def test_a_reader_does_not_set_aside_what_is_replaced_and_pruned_meanwhile(store, url, monkeypatch):
    """The manifest that it holds names a payload that is gone; the new artifact is sound."""
    store.write(KIND, KEY, b"old", "bin")
    other, read_manifest = Store(url), store._read_manifest

    def read_then_replaced(kind, key):
        manifest = read_manifest(kind, key)
        other.write(KIND, KEY, b"replaced", "bin")
        other.prune(KIND, KEY)
        return manifest

    with monkeypatch.context() as patch:
        patch.setattr(store, "_read_manifest", read_then_replaced)
        # Missing would be true at the time; but what is there now must stay.
        with contextlib.suppress(Missing):
            assert store.read(KIND, KEY).payload == b"replaced"
    assert other.read(KIND, KEY).payload == b"replaced"
