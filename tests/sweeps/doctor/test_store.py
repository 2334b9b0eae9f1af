"""Stores that cannot be used, or changed by one of several."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from s3_server import S3Server, forget_connections

from sweeps.doctor import store
from trainables.store import Store


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_store_to_be_is_not_made(tmp_path: Path) -> None:
    found = store.check(str(tmp_path / "home" / "store"), slow=0)
    assert [one.state for one in found] == ["fine", "fine", "fine"]
    assert not list(tmp_path.iterdir())


def test_a_store_stays_as_it_is(tmp_path: Path) -> None:
    Store(str(tmp_path)).write("state", "ab" * 16, b"weights", "bin")
    before = files(tmp_path)
    for url in (str(tmp_path), f"file://{tmp_path}"):
        assert {one.state for one in store.check(url, slow=0)} == {"fine"}
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("/dev/null/store", "cannot use the store"),
        ("none://bucket", "cannot use the store none://bucket"),
        ("s3://", "names no bucket"),
    ],
)
def test_a_store_that_there_cannot_be(url: str, said: str) -> None:
    (found,) = store.check(url)
    assert found.state == "stop"
    assert said in found.words


def test_a_read_only_store(read_only: Path) -> None:
    (found,) = store.check(str(read_only))
    assert found.state == "stop"
    assert "Read-only file system" in found.words


def test_a_full_store(small_disk: Path) -> None:
    (small_disk / "all").write_bytes(bytes(2**20 - 2**13))
    found = store.check(str(small_disk))
    while found[0].state == "fine":  # the last blocks, too
        with (small_disk / "all").open("ab", buffering=0) as file:
            try:
                file.write(bytes(4096))
            except OSError:
                break
    found = store.check(str(small_disk))
    assert "stop" in {one.state for one in found}
    assert "No space left on device" in found[-1].words
    assert files(small_disk) == ["all"]


def test_a_store_without_room_for_the_probe(small_disk: Path) -> None:
    (found,) = store.check(str(small_disk))
    assert found.state == "stop"
    assert found.words.startswith(f"the store {small_disk} is full: No space left on device")
    assert not list(small_disk.iterdir())


def test_a_slow_store_is_a_hint(tmp_path: Path) -> None:
    *_, speed = store.check(str(tmp_path), slow=1e15)
    assert speed.state == "hint"
    assert "raise --checkpoint-seconds" in speed.words


class Careless(MemoryFileSystem):
    """A store that creates whether there is a file or not."""

    protocol = "careless"
    store: ClassVar[dict[str, Any]] = {}  # not that of other tests' files in memory
    pseudo_dirs: ClassVar[list[str]] = [""]

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **options: Any) -> None:
        super().pipe_file(path, value, mode="overwrite", **options)


@pytest.fixture
def _careless(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("trainables.store.protocols.ATOMIC_PUT", {"careless"})
    monkeypatch.setattr("trainables.store.files.ATOMIC_PUT", {"careless"})
    fsspec.register_implementation("careless", Careless, clobber=True)
    yield
    Careless.store.clear()


@pytest.mark.usefixtures("_careless")
def test_a_store_whose_changes_have_no_condition_is_a_hint() -> None:
    writable, leases, _ = store.check("careless://bucket/store")
    assert writable.state == "fine"
    assert leases.state == "hint"
    assert "two sweeps at once may do the same job" in leases.words
    assert not Careless.store


@pytest.mark.slow
def test_a_bucket_keeps_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    server = S3Server()
    server.start(AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b")
    own = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
           "AWS_ENDPOINT_URL": server.url, "AWS_DEFAULT_REGION": "us-east-1"}  # fmt: skip
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    forget_connections()
    try:
        url = server.make_bucket("mine")
        assert {one.state for one in store.check(url, slow=0)} == {"fine"}
        assert fsspec.filesystem("s3").find("mine") == []
        (found,) = store.check("s3://another/store")
        assert (found.state, "there is no bucket 'another'" in found.words) == ("stop", True)
    finally:
        server.stop()
        forget_connections()
