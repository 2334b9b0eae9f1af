"""Who may read and write what is kept of data, as users who share a folder find it."""

import json
import multiprocessing
import os
import pwd
import stat
import tempfile
from pathlib import Path

import pytest

from trainables import data
from trainables.data import caches, decoded
from trainables.data.errors import DataError
from trainables.data.images import listed as listings

NOBODY = 65534


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def shared():
    """A folder that other users can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.fixture
def address(making, shared):
    files = making.files(making.pictures())
    return str(making.folder(shared / "images", files))


def _run(call, connection, root):
    try:
        if root:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        connection.send((None, call()))
    except BaseException as error:
        connection.send((f"{type(error).__name__}: {error}", None))


def as_another(call):
    """The result of a call by a user who owns nothing here: without root, by this one, whom the
    modes that tests set keep out as well."""
    context = multiprocessing.get_context("fork")  # the interpreter itself may be root's alone
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(call, there, os.getuid() == 0))
    process.start()
    error, result = here.recv() if here.poll(60) else ("no answer", None)
    process.join(60)
    assert error is None, error
    return result


def locked_up(folder):
    """Without root, take from this user what the owner of files alone may do."""
    if os.getuid() != 0:
        for path in [folder, *folder.rglob("*")]:
            path.chmod(mode(path) & ~0o222)


# --- modes --------------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0o002, 0o022, 0o077])
def test_files_and_locks_have_the_modes_that_the_umask_leaves(address, tmp_path, umask):
    before = os.umask(umask)
    try:
        data.resolve(address, tmp_path / "data", lambda line: None)
        listings.find(address, tmp_path / "data", lambda line: None)
    finally:
        os.umask(before)
    made = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert {path.suffix for path in made} == {".safetensors", ".json", ".lock"}
    assert {mode(path) for path in made} == {0o666 & ~umask}
    assert mode(tmp_path / "data" / "decoded") == 0o777 & ~umask


# --- others -------------------------------------------------------------------------------


def test_what_one_user_made_another_reads(address, shared, tmp_path):
    name = data.resolve(address, shared / "data", lambda line: None)
    listed = listings.find(address, shared / "data", lambda line: None)
    locked_up(shared / "data")

    def read():
        told = []
        found = data.resolve(address, shared / "data", told.append)
        held = decoded.read(caches.place(shared / "data", found))
        again = listings.find(address, shared / "data", told.append)
        return found, tuple(held.train_images.shape), again, told

    assert as_another(read) == (name, (6, 4, 5, 3), listed, [])


def own_cache(monkeypatch, shared):
    (shared / "own").mkdir()
    (shared / "own").chmod(0o777)
    monkeypatch.setenv("XDG_CACHE_HOME", str(shared / "own"))
    return shared / "own" / "stability-sweeps" / "decoded"


def unreadable(folder):
    """As versions before left it: nobody but the owner reads what is decoded."""
    for path in (folder / "decoded").glob("*.safetensors"):
        path.chmod(0o000 if os.getuid() else 0o600)


def unwritable_lock(folder):
    """In a folder that all may write."""
    (folder / "decoded").chmod(0o777)
    for path in (folder / "decoded").iterdir():
        path.unlink() if path.suffix != ".lock" else path.chmod(0o444)


def nothing_there(folder):
    """But the folder, which is another's."""
    for path in (folder / "decoded").iterdir():
        path.unlink()
    (folder / "decoded").chmod(0o555)


def damaged(folder):
    for path in (folder / "decoded").glob("*.safetensors"):
        path.write_bytes(b"no longer whole")
        path.chmod(0o444)
    (folder / "decoded").chmod(0o555)


@pytest.mark.parametrize("state", [unreadable, unwritable_lock, nothing_there, damaged])
def test_where_the_folder_is_of_no_use_the_users_own_cache_is(
    address, shared, monkeypatch, capfd, short, state
):
    name = data.resolve(address, shared / "data", lambda line: None)
    state(shared / "data")
    cache = own_cache(monkeypatch, shared)
    recipe = short(data=name, data_address=address)
    caches._tell.cache_clear()
    capfd.readouterr()

    def load():
        data.prepare(recipe, shared / "data")
        data.resolve(address, shared / "data", lambda line: None)
        return tuple(data.load(recipe, shared / "data").train.images.shape)

    assert as_another(load) == (6, 4, 5, 3)
    assert (cache / f"{name}.safetensors").exists()
    lines = [line for line in capfd.readouterr().err.splitlines() if "cannot be written" in line]
    assert lines == [
        f"{shared}/data/decoded cannot be written: what is made of the data is kept in {cache}"
    ]
    assert as_another(load) == (6, 4, 5, 3)
    assert "cannot be written" not in capfd.readouterr().err, "it is there now"


def test_a_listing_that_has_changed_is_kept_in_the_users_own_cache(
    address, shared, monkeypatch, making
):
    first = listings.find(address, shared / "data", lambda line: None)
    (shared / "images" / "train" / "ant" / "more.png").write_bytes(b"?")
    locked_up(shared / "data")
    cache = own_cache(monkeypatch, shared)

    def find():
        return listings.find(address, shared / "data", lambda line: None)

    found = as_another(find)
    assert data.facts(found.name).train == 7
    assert found.name != first.name
    assert (cache / f"{found.name}.safetensors").exists()
    told = []
    assert as_another(lambda: (listings.find(address, shared / "data", told.append), told)) == (
        found,
        [],
    )


def test_a_file_of_another_user_in_a_sticky_folder_is_not_replaced(shared, monkeypatch):
    """Only its owner may."""
    path = caches.room(shared, "x")
    path.parent.mkdir()
    path.write_bytes(b"")
    own_cache(monkeypatch, shared)
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    path.parent.chmod(0o777)
    assert caches.room(shared, "x") == path
    path.parent.chmod(0o1777)
    assert caches.room(shared, "x") == caches.user_cache() / "decoded" / "x.safetensors"


def test_what_cannot_be_written_after_all_is_one_line(tmp_path, error_line):
    (tmp_path / "data").write_text("a file")
    path = tmp_path / "data" / "decoded" / "x.safetensors"
    for way in (caches.locked(path), caches.writing(path)):
        assert "cannot write" in (line := error_line(way.__enter__))
        assert str(path.parent) in line


# --- the user's own cache -----------------------------------------------------------------


def test_the_cache_is_xdgs_or_the_homes(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert caches.user_cache() == tmp_path / "xdg" / "stability-sweeps"
    for none in ("", "relative/is/void"):
        monkeypatch.setenv("XDG_CACHE_HOME", none)
        assert caches.user_cache() == tmp_path / "home" / ".cache" / "stability-sweeps"


@pytest.fixture
def no_account(monkeypatch, shared):
    """As in a container whose user has a number alone."""

    def nobody(number):
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    shared.chmod(0o1777)
    monkeypatch.setattr(tempfile, "tempdir", str(shared))
    with pytest.raises(RuntimeError):
        Path.home()


def test_without_a_home_the_cache_is_a_private_folder_among_the_temporary(no_account, shared):
    for _ in range(2):
        own = caches.user_cache()
        assert own == shared / f"stability-sweeps-{os.getuid()}"
        assert mode(own) == 0o700
    assert as_another(caches.user_cache).parent == shared


def test_a_home_that_cannot_be_written_is_none(no_account, shared, monkeypatch):
    home = shared / "home"
    home.mkdir(mode=0o555)
    monkeypatch.setenv("HOME", str(home))
    assert as_another(caches.user_cache).parent == shared
    monkeypatch.setenv("HOME", "/proc/no-such-home")
    assert as_another(caches.user_cache).parent == shared


@pytest.mark.parametrize("by", ["a link", "a folder"])
def test_a_temporary_folder_of_somebody_else_is_not_taken(
    no_account, shared, tmp_path, monkeypatch, by
):
    if by == "a link":
        (shared / f"stability-sweeps-{os.getuid()}").symlink_to(tmp_path)
    else:
        (shared / "stability-sweeps-12345").mkdir()
        monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(DataError, match="is somebody else's; set XDG_CACHE_HOME"):
        caches.user_cache()


def test_data_beside_which_there_is_room_need_no_cache(no_account, shared, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="no folder for a cache"):
        caches.user_cache()
    assert caches.place(tmp_path, "x") == tmp_path / "decoded" / "x.safetensors"
    assert caches.notes(tmp_path, "x") == []


def test_a_folder_that_may_not_be_looked_into(shared, monkeypatch):
    """`Path.exists` raises there."""
    cache = own_cache(monkeypatch, shared)
    (shared / "closed" / "data").mkdir(parents=True)
    (shared / "closed").chmod(0o000)
    try:
        found = as_another(lambda: caches.place(shared / "closed" / "data", "x"))
    finally:
        (shared / "closed").chmod(0o755)
    assert found == cache / "x.safetensors"


def test_notes_of_both_places_are_read(tmp_path):
    for at, folder in enumerate((tmp_path / "data", caches.user_cache())):
        (folder / "decoded").mkdir(parents=True)
        (folder / "decoded" / "x.json").write_text(json.dumps(at))
    assert caches.notes(tmp_path / "data", "x") == ["0", "1"]


def test_a_written_file_is_whole_or_absent(tmp_path):
    path = tmp_path / "deep" / "x.json"

    def interrupted():
        with caches.writing(path) as partial:
            partial.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(path.parent.iterdir()) == []
    with caches.writing(path) as partial:
        partial.write_text("whole")
        assert not path.exists()
    assert [one.read_text() for one in path.parent.iterdir()] == ["whole"]
