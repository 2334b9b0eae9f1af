"""Stores that cannot be used: one line that says which and why, soon."""

import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from s3_server import forget_connections

from trainables.store import Store, StoreError, files


@contextmanager
def refused(url, why, seconds=20):
    begin = time.monotonic()
    with pytest.raises(StoreError) as caught:
        yield
    assert time.monotonic() - begin < seconds
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith(f"cannot use the store {url}: ")
    assert why in line


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("s3://no-such-bucket/store", "there is no bucket 'no-such-bucket'"),
        ("s3://no-such-bucket", "there is no bucket 'no-such-bucket'"),
        ("s3://", "it names no bucket"),
        ("s3://not_a/name", ""),
        ("s3://B%/name", "Invalid bucket name"),
    ],
)
def test_bucket(s3, url, why):
    with refused(url, why):
        Store(url)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "'' is neither a path nor a URL such as s3://bucket/folder"),
        ("://", "'://' is neither a path nor a URL"),
        ("://folder", "'://folder' is neither a path nor a URL"),
        ("file://", "it names no place"),
        ("memory://", "it names no place"),
        ("nonsense://bucket", "nonsense"),
    ],
)
def test_an_address_that_names_no_place(tmp_path, monkeypatch, url, why):
    monkeypatch.chdir(tmp_path)
    with refused(url, why):
        Store(url)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["100%20", "a?b", "a#b", "a::b", "a:b", "~x", "file:a", "é b"])
def test_a_path_is_taken_as_it_is(tmp_path, monkeypatch, name):
    """Relative ones, too: what they name does not follow the current folder."""
    monkeypatch.chdir(tmp_path)
    for address in (name, str(tmp_path / name / "store")):
        store = Store(address)
        with monkeypatch.context() as patch:
            patch.chdir("/")
            store.write("state", "a" * 32, b"x", "bin")
            assert Store(store.url).complete([("state", "a" * 32)]) == {"a" * 32}
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_bucket_alone_is_a_place(s3):
    url = s3.make_bucket("only-a-bucket").removesuffix("/store")
    Store(url).write("state", "a" * 32, b"x", "bin")
    assert Store(url).complete([("state", "a" * 32)]) == {"a" * 32}


def test_wrong_credentials(own_server):
    own_server.start(INITIAL_NO_AUTH_ACTION_COUNT="0")
    with refused("s3://lasting/store", "Access Key"):
        Store("s3://lasting/store")


def test_no_credentials(s3, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    forget_connections()
    with refused("s3://lasting/store", "Unable to locate credentials"):
        Store("s3://lasting/store")
    forget_connections()


def test_nobody_listens(own_server, monkeypatch):
    monkeypatch.setattr(files, "ANSWER_SECONDS", 120.0)  # a busy machine retries slowly
    with refused("s3://lasting/store", f"127.0.0.1:{own_server.port}", seconds=120):
        Store("s3://lasting/store")


def test_nobody_answers(own_server, monkeypatch):
    monkeypatch.setattr(files, "ANSWER_SECONDS", 2.0)
    with (
        socket.create_server(("127.0.0.1", own_server.port)),
        refused("s3://lasting/store", "no answer within 2 s"),
    ):
        Store("s3://lasting/store")


@pytest.mark.parametrize(
    ("package", "url", "extra"), [("s3fs", "s3://b/s", "s3"), ("gcsfs", "gs://b/s", "gcs")]
)
def test_a_missing_package_is_named(package, url, extra):
    script = f"import sys; sys.modules[{package!r}] = None\n"
    script += "from trainables.store import Store, StoreError\n"
    script += f"try: Store({url!r})\nexcept StoreError as error: print(error)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    protocol = url.partition(":")[0]
    assert done.stdout == (
        f"{protocol}:// needs a package that is not here: pip install 'stability-sweeps[{extra}]'\n"
    )
