import contextlib
import hashlib
import json
import sys
import threading
import time

import fsspec
import pytest

from trainables.store import Missing, Store, StoreError

KIND = "state"
KEY, OTHER = "ab" + "0" * 30, "ab" + "1" * 30
PAYLOAD = bytes(range(256)) * 4


@pytest.fixture
def store(url):
    return Store(url)


class Files:
    """The files under a store's URL, by path, as a vandal would see them."""

    def __init__(self, url):
        self.fs, self.root = fsspec.core.url_to_fs(url, use_listings_cache=False)

    def all(self):
        """Name -> full path, of everything that is not set aside."""
        paths = [path for path in self.fs.find(self.root) if "/damaged/" not in path]
        return {path.rpartition("/")[2]: path for path in paths}

    def manifest(self, key=KEY):
        return self.all()[f"{key}.json"]

    def payloads(self, key=KEY):
        return [p for n, p in self.all().items() if n.startswith(f"{key}.") and n != f"{key}.json"]

    def set_aside(self):
        return [path for path in self.fs.find(self.root) if "/damaged/" in path]

    def change(self, path, content):
        self.fs.pipe_file(path, content)

    def remove(self, path):
        self.fs.rm_file(path)


@pytest.fixture
def files(url):
    return Files(url)


# --- writing and reading ----------------------------------------------------------------


@pytest.mark.parametrize("payload", [PAYLOAD, b"x", b""])
def test_round_trip(store, url, payload):
    store.write(KIND, KEY, payload, "bin", seconds=1.5, note="é")
    for reader in (store, Store(url)):
        artifact = reader.read(KIND, KEY)
        assert artifact.payload == payload
        assert artifact.facts["seconds"] == 1.5
        assert artifact.facts["note"] == "é"
        assert artifact.facts == reader.facts(KIND, KEY)
        assert reader.complete([(KIND, KEY)]) == {KEY}


def test_files_are_where_the_layout_says(store, files):
    store.write(KIND, KEY, PAYLOAD, "safetensors")
    checksum = hashlib.sha256(PAYLOAD).hexdigest()
    payload = f"{KEY}.{checksum[:12]}.{len(PAYLOAD)}.safetensors"
    found = files.all()
    assert found.keys() == {f"{KEY}.json", payload}, "and no partial file"
    assert all(path == f"{files.root}/{KIND}/ab/{name}" for name, path in found.items())
    manifest = json.loads(files.fs.cat_file(found[f"{KEY}.json"]))
    assert (manifest["sha256"], manifest["bytes"]) == (checksum, len(PAYLOAD))
    assert (manifest["payload"], manifest["key"], manifest["kind"]) == (payload, KEY, KIND)


def test_what_is_not_there_is_missing(store, files):
    store.write(KIND, OTHER, PAYLOAD, "bin")
    for kind, key in ((KIND, KEY), ("arm", OTHER)):
        with pytest.raises(Missing):
            store.read(kind, key)
        with pytest.raises(Missing):
            store.facts(kind, key)
        assert store.complete([(kind, key)]) == set()
    assert not files.set_aside()


def test_complete_answers_for_many_kinds_and_folders(store):
    keys = [f"{n % 4:02x}{n:030x}" for n in range(12)]
    wanted = [("state" if n % 2 else "arm", key) for n, key in enumerate(keys)]
    for kind, key in wanted[:8]:
        store.write(kind, key, PAYLOAD, "bin")
    assert store.complete(iter(wanted)) == set(keys[:8])
    assert store.complete([]) == set()


# --- damage -----------------------------------------------------------------------------


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


# --- replacing, deleting ----------------------------------------------------------------


def test_rewriting_leaves_what_an_old_manifest_names(store, files):
    store.write(KIND, KEY, b"old", "bin")
    old = json.loads(files.fs.cat_file(files.manifest()))
    store.write(KIND, KEY, b"new", "bin", version=2)
    assert store.read(KIND, KEY).payload == b"new"
    assert store.facts(KIND, KEY)["version"] == 2
    files.change(files.manifest(), json.dumps(old).encode())  # a reader that still holds it
    assert store.read(KIND, KEY).payload == b"old"


def test_prune_removes_old_payloads_only(store, files):
    for number in range(3):
        store.write(KIND, KEY, f"payload {number}".encode(), "bin")
    store.write(KIND, OTHER, b"other", "bin")
    assert len(files.payloads()) == 3
    store.prune(KIND, KEY)
    assert len(files.payloads()) == 1
    assert store.read(KIND, KEY).payload == b"payload 2"
    assert store.read(KIND, OTHER).payload == b"other"
    store.prune(KIND, KEY)
    assert store.read(KIND, KEY).payload == b"payload 2"


def test_delete_removes_every_payload_of_the_key_and_nothing_else(store, files):
    store.write(KIND, KEY, b"old", "bin")
    store.write(KIND, KEY, b"new", "bin")
    store.write(KIND, OTHER, b"other", "bin")
    store.write("arm", KEY, b"another kind", "bin")
    store.delete(KIND, KEY)
    with pytest.raises(Missing):
        store.read(KIND, KEY)
    assert store.read(KIND, OTHER).payload == b"other"
    assert store.read("arm", KEY).payload == b"another kind"
    assert len(files.all()) == 4
    store.delete(KIND, KEY)  # nothing is there: no error
    store.delete("never", KEY)
    assert not files.set_aside()


# --- several processes at once ----------------------------------------------------------


@pytest.fixture
def eager_threads():
    """Threads take turns every few operations, not every 5 ms."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(usual)


def test_readers_only_ever_see_whole_artifacts(url, eager_threads):
    """One thread rewrites an artifact and writes new ones beside it; another reads."""
    writer, reader = Store(url), Store(url)
    content = {n: bytes([n]) * (1000 + n) for n in range(20 if url.startswith("s3") else 100)}
    writer.write(KIND, KEY, content[0], "bin", number=0)
    last = len(content) - 1
    begun, wrong, seen = threading.Event(), [], set()

    def read():
        while last not in seen and not wrong:
            try:
                artifact = reader.read(KIND, KEY)
                number = artifact.facts["number"]
                seen.add(number)
                if artifact.payload != content[number]:
                    wrong.append(number)
                beside = f"ab{number:030x}"
                if number and reader.complete([(KIND, beside)]) != {beside}:
                    wrong.append(beside)
            except Exception as error:
                wrong.append(error)
            begun.set()

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    begun.wait(60)
    for number in range(1, len(content)):
        writer.write(KIND, f"ab{number:030x}", content[number], "bin")
        writer.write(KIND, KEY, content[number], "bin", number=number)
    thread.join(60)
    assert not wrong
    assert {0, last} <= seen
    assert not Files(url).set_aside()


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


# --- stores that cannot be used ---------------------------------------------------------


def test_an_unknown_protocol_raises():
    with pytest.raises(StoreError, match="nonsense://bucket"):
        Store("nonsense://bucket")


def test_a_path_below_a_file_raises(tmp_path):
    (tmp_path / "file").write_text("")
    for path in ("file", "file/store"):
        with pytest.raises(StoreError, match="cannot use the store"):
            Store(str(tmp_path / path)).check_writable()


def test_check_writable_leaves_nothing(store, files):
    store.check_writable()
    assert not files.all()


def test_check_writable_raises_where_nothing_can_be_written(tmp_path):
    store = Store(str(tmp_path / "store"))
    (tmp_path / "store").rmdir()
    (tmp_path / "store").write_text("a file in its place")
    with pytest.raises(StoreError, match="cannot write to the store"):
        store.check_writable()


def test_a_file_url_is_the_path(tmp_path):
    Store(f"file://{tmp_path}/store").write(KIND, KEY, PAYLOAD, "bin")
    assert Store(str(tmp_path / "store")).read(KIND, KEY).payload == PAYLOAD


def test_a_store_is_made_where_it_is_not(tmp_path):
    deep = tmp_path / "a" / "b c" / "store"
    Store(str(deep))
    assert deep.is_dir()
    assert not any(deep.iterdir())
