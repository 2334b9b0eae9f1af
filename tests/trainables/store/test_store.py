import hashlib
import json
import sys
import threading

import pytest
from stored_files import KEY, KIND, OTHER, PAYLOAD, Files

from trainables.store import Missing, Store, StoreError

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
