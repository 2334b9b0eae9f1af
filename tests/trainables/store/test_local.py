"""Stores on a file system: power failures, full disks, and writers that died."""

import errno
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from trainables import processes
from trainables.store import Leases, Missing, Store, StoreError, local

KIND, KEY, OTHER = "arm", "ab" + "0" * 30, "ab" + "1" * 30
ROOT = Path(__file__).parents[3]


@pytest.fixture
def store(tmp_path):
    return Store(str(tmp_path / "store"))


def names(store):
    return sorted(path.name for path in Path(store.url).rglob("*") if path.is_file())


# --- power failures ---------------------------------------------------------------------------


@pytest.fixture
def calls(monkeypatch, store):
    """What is synced and renamed, in order: ("sync" or "rename", path below the store)."""
    done = []
    fsync, replace = os.fsync, os.replace

    def note(what, path):
        done.append((what, os.path.relpath(path, store.url)))

    def synced(descriptor):
        note("sync", os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    def renamed(source, target):
        note("rename", target)
        replace(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)
    return done


def test_an_artifact_is_synced_before_it_is_named_and_its_folder_last(store, calls):
    store.write(KIND, KEY, b"payload", "bin")
    folder = f"{KIND}/{KEY[:2]}"
    assert calls[:2] == [("sync", "."), ("sync", KIND)], "the folders that are new"
    payload_written, payload_named, manifest_written, manifest_named, last = calls[2:]
    assert last == ("sync", folder)
    for written, named, suffix in (
        (payload_written, payload_named, ".bin"),
        (manifest_written, manifest_named, ".json"),
    ):
        assert (written[0], named[0]) == ("sync", "rename")
        assert named[1].startswith(f"{folder}/{KEY}")
        assert named[1].endswith(suffix)
        assert written[1].startswith(f"{named[1]}.partial-")


def test_folders_that_are_there_are_not_synced_again(store, calls):
    store.write(KIND, OTHER, b"payload", "bin")
    calls.clear()
    store.write(KIND, KEY, b"payload", "bin")
    assert [what for what, _ in calls] == ["sync", "rename", "sync", "rename", "sync"]


def test_leases_need_not_outlast_a_power_failure(store, calls):
    with Leases(store, "ours") as leases:
        leases.claim([KEY])
        leases._renew(KEY)
    assert [what for what, _ in calls] == ["rename"]


@pytest.mark.parametrize("number", sorted(local.NO_SYNC))
def test_where_folders_cannot_be_synced_artifacts_are_stored_all_the_same(
    store, monkeypatch, number
):
    def unsupported(descriptor):
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", unsupported)
    store.write(KIND, KEY, b"payload", "bin")
    assert store.read(KIND, KEY).payload == b"payload"


# --- what writers leave -----------------------------------------------------------------------


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_fails_leaves_nothing(store, monkeypatch, step):
    store.write(KIND, KEY, b"old", "bin")
    before = names(store)

    def fails(*_):
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, step, fails)
        with pytest.raises(StoreError, match=r"the store .* fails: Input/output error$"):
            store.write(KIND, KEY, b"new", "bin")
    assert names(store) == before
    assert store.read(KIND, KEY).payload == b"old"


KILLED = """
import os, signal, sys
from trainables.store import Store
store = Store(sys.argv[1])
os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
store.write("arm", "ab" + "0" * 30, b"never there", "bin")
"""


def test_what_a_killed_writer_leaves_is_removed(store):
    subprocess.run([sys.executable, "-c", KILLED, store.url], cwd=ROOT)
    (left,) = names(store)
    assert local.PARTIAL in left
    assert not store.complete([(KIND, KEY)])
    store.remove_abandoned()
    assert names(store) == []


MACHINE, PID = processes.mark().rpartition("-")[::2]
GONE = "4999999"
"""Above every process number that Linux gives."""


@pytest.mark.parametrize(
    ("mark", "hours", "stays"),
    [
        (f"{MACHINE}-{GONE}-", 0, False),
        (f"{MACHINE}-{PID}-", 0, True),
        (f"{MACHINE}-1-", 0, True),
        (f"00000000-{GONE}-", 0.9, True),
        (f"00000000-{GONE}-", 1.1, False),
        ("", 0.9, True),
        ("", 1.1, False),
    ],
    ids=[
        "dead here", "ours", "alive, another user's", "elsewhere", "elsewhere, old",
        "of an earlier version", "of an earlier version, old",
    ],
)  # fmt: skip
def test_only_what_nobody_writes_any_more_is_removed(store, mark, hours, stays):
    store.write(KIND, KEY, b"payload", "bin")
    before = names(store)
    name = f"{KEY}.json.partial-{mark}17-1234"
    partial = Path(store.url) / KIND / KEY[:2] / name
    partial.write_bytes(b"half")
    written_at = time.time() - hours * 3600
    os.utime(partial, (written_at, written_at))
    store.remove_abandoned()
    assert names(store) == sorted([*before, *([name] if stays else [])])
    assert store.read(KIND, KEY).payload == b"payload"


def test_what_is_being_written_is_not_set_aside_with_an_artifact(store):
    """It is another writer's, who is about to rename it."""
    store.write(KIND, KEY, b"payload", "bin")
    partial = Path(store.url) / KIND / KEY[:2] / local.partial_name(f"{KEY}.json")
    partial.write_bytes(b"half")
    store.set_aside(KIND, KEY)
    assert partial.exists()
    with pytest.raises(Missing):
        store.read(KIND, KEY)


# --- disks that fail --------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs root and the right to mount a file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_one_line_and_what_was_there_stays(small_disk):
    store = Store(str(small_disk / "store"))
    store.check_writable()
    store.write(KIND, KEY, bytes(400_000), "bin")
    with pytest.raises(StoreError) as caught:
        store.write(KIND, OTHER, bytes(900_000), "bin")
    assert str(caught.value) == (
        f"the store {store.url} is full: No space left on device; "
        "free space and go on with the same command"
    )
    assert store.complete([(KIND, KEY), (KIND, OTHER)]) == {KEY}
    assert not [name for name in names(store) if local.PARTIAL in name]
    store.delete(KIND, KEY)
    store.write(KIND, OTHER, bytes(900_000), "bin")
    assert store.complete([(KIND, KEY), (KIND, OTHER)]) == {OTHER}


def test_a_full_disk_is_told_at_the_start(small_disk):
    store = Store(str(small_disk / "store"))
    (small_disk / "rest").write_bytes(bytes(2**20 - 4096 * 3))
    for number in range(10):
        try:
            (small_disk / f"rest{number}").write_bytes(b"x")
        except OSError:
            break
    with pytest.raises(StoreError, match=r"cannot write to the store .*: No space left on device"):
        store.check_writable()
    assert names(store) == []


def test_a_disk_that_becomes_read_only_is_one_line(small_disk):
    store = Store(str(small_disk / "store"))
    store.write(KIND, KEY, b"payload", "bin")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for change in (
        lambda: store.write(KIND, OTHER, b"", "bin"),
        lambda: store.delete(KIND, KEY),
        lambda: store.set_aside(KIND, KEY),
        lambda: Leases(store, "ours").claim([KEY]),
    ):
        with pytest.raises(StoreError, match=r"is read-only: Read-only file system"):
            change()
    with pytest.raises(StoreError) as caught:
        store.check_writable()
    assert str(caught.value) == (
        f"cannot write to the store {store.url}: Read-only file system: {store.url}"
    )
    assert store.read(KIND, KEY).payload == b"payload"


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.ENOSPC, "is full: {}; free space and go on with the same command"),
        (errno.EDQUOT, "has used up its quota: {}; free space and go on with the same command"),
        (errno.EROFS, "is read-only: {}; make it writable and go on with the same command"),
        (errno.EACCES, "refuses access: {}; grant it and go on with the same command"),
        (errno.ESTALE, "fails: {}"),
    ],
)
def test_what_a_file_system_says_is_one_line(store, monkeypatch, number, says):
    def fails(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(StoreError) as caught:
        store.write(KIND, KEY, b"payload", "bin")
    assert str(caught.value) == f"the store {store.url} " + says.format(os.strerror(number))


def test_a_file_larger_than_the_limit_of_the_process_is_one_line(store):
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limit[1]))
    try:
        with pytest.raises(StoreError, match="fails: File too large"):
            store.write(KIND, KEY, bytes(2000), "bin")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert names(store) == []


def test_a_store_whose_folder_is_gone_is_no_missing_artifact(store):
    """On a disk that was unmounted, say: no job is the reason."""
    Path(store.url).rmdir()
    Path(store.url).write_text("")
    with pytest.raises(StoreError, match="fails: "):
        store.write(KIND, KEY, b"payload", "bin")
