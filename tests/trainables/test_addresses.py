"""Which file, in which file system, an address means."""

import uuid
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem

from trainables.addresses import absolute, filesystem, is_url

ODD = [
    "a b",
    "a%20b",
    "a#b",
    "a?b",
    "a::b",
    "a::memory",
    "file:x",
    "s3:",
    "é",
    "[x]*",
    "a\\b",
    "~a",
]
"""Names of folders that a URL would read in another way."""


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize(
    "form", ["{folder}/{name}", "file://{folder}/{name}", "./{name}", "x/../{name}/"]
)
def test_a_path_is_the_file_of_that_name(tmp_path, monkeypatch, name, form):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").mkdir()
    (tmp_path / name / "in").mkdir(parents=True)
    (tmp_path / name / "in" / "it").write_bytes(b"here")
    fs, root = filesystem(form.format(folder=tmp_path, name=name))
    assert isinstance(fs, LocalFileSystem)
    assert not root.endswith("/")
    assert fs.cat_file(f"{root}/in/it") == b"here"
    assert [Path(path).name for path in fs.find(root)] == ["it"]
    fs.pipe_file(f"{root}/new", b"")
    assert (tmp_path / name / "new").exists()


def test_paths_that_hold_a_url_are_paths(tmp_path):
    (tmp_path / "s3:" / "bucket").mkdir(parents=True)
    fs, root = filesystem(f"{tmp_path}/s3://bucket")
    assert fs.isdir(root)
    assert not is_url(f"{tmp_path}/s3://bucket")


def test_the_users_own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for address in ("~/images", "~/images/", "file://~/images"):
        assert filesystem(address)[1] == f"{tmp_path}/images"
    assert absolute("~/images") == f"{tmp_path}/images"


def test_what_is_relative_becomes_absolute_and_a_url_stays(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert absolute("a::b") == f"{tmp_path}/a::b"
    assert absolute("/a#b") == "/a#b"
    for url in ("s3://bucket/a", "simplecache::s3://bucket/a", "memory://a::b"):
        assert is_url(url)
        assert absolute(url) == url


def test_the_root_of_a_file_system():
    assert filesystem("/")[1] == filesystem("file:///")[1] == "/"
    assert filesystem("memory://")[1] == ""


@pytest.mark.parametrize("name", ["a#b", "a?b", "a%20b"])
def test_odd_names_on_other_file_systems(name):
    where = f"/{uuid.uuid4()}/{name}"
    fsspec.filesystem("memory").pipe_file(f"{where}/it", b"here")
    fs, root = filesystem(f"memory:/{where}/")
    assert root == where
    assert fs.cat_file(f"{root}/it") == b"here"


def test_double_colons_in_a_url_are_no_chain():
    pytest.importorskip("s3fs")
    assert filesystem("s3://bucket/a::b/")[1] == "bucket/a::b"
    assert filesystem("s3://bucket/a::b", anon=True)[0].anon
    pytest.importorskip("aiohttp")
    assert filesystem("http://[::1]:80/a.tar")[1] == "http://[::1]:80/a.tar"


def test_fsspecs_chains_are_kept(tmp_path):
    where = f"/{uuid.uuid4()}/it"
    fsspec.filesystem("memory").pipe_file(where, b"here")
    fs, root = filesystem(f"simplecache::memory:/{where}", cache_storage=str(tmp_path))
    assert fs.cat_file(root) == b"here"
    assert list(tmp_path.iterdir()), "a copy"


def test_options_reach_the_file_system(tmp_path):
    for address in (str(tmp_path / "a/b"), f"file://{tmp_path}/a/b"):
        assert filesystem(address, auto_mkdir=True)[0].auto_mkdir


@pytest.mark.parametrize("address", ["", "://", "://bucket/a"])
def test_what_is_no_address(address):
    with pytest.raises(ValueError, match="neither a path nor a URL"):
        filesystem(address)


def test_a_scheme_that_nobody_knows():
    with pytest.raises(ValueError, match="gopher"):
        filesystem("gopher://images")
