"""Whether two processes run the same code."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import analysis
import sweeps
import trainables
from trainables import fingerprint
from trainables.fingerprint import Code, Package


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    (folder / "inner").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "inner" / "a.py").write_text("a = 1\n")
    return folder


def test_it_depends_on_no_place_and_on_nothing_but_sources(package: Path, tmp_path: Path) -> None:
    before = fingerprint.fingerprint(package)
    assert len(before) == fingerprint.DIGITS
    (package / "inner" / "a.pyc").write_bytes(b"compiled")
    (package / "notes.txt").write_text("text")
    assert fingerprint.fingerprint(package) == before
    moved = shutil.copytree(package, tmp_path / "elsewhere")
    assert fingerprint.fingerprint(moved) == before


def test_what_is_no_file_is_passed_over(package: Path) -> None:
    """Editors lock a file by a link to nowhere beside it; names need not be text."""
    before = fingerprint.fingerprint(package)
    (package / ".#a.py").symlink_to("user@host.1:2")
    (package / "folder.py").mkdir()
    assert fingerprint.fingerprint(package) == before
    (package / "a\udce9.py").write_text("")
    assert fingerprint.fingerprint(package) != before


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "inner" / "a.py").write_text("a = 2\n"),
        lambda folder: (folder / "inner" / "b.py").write_text(""),
        lambda folder: (folder / "inner" / "a.py").unlink(),
        lambda folder: (folder / "inner" / "a.py").rename(folder / "a.py"),
        lambda folder: (folder / "inner" / "a.py").rename(folder / "inner" / "aa.py"),
    ],
    ids=["edited", "added", "removed", "moved", "renamed"],
)
def test_every_change_of_a_source_changes_it(package: Path, change) -> None:
    before = fingerprint.fingerprint(package)
    change(package)
    assert fingerprint.fingerprint(package) != before


def test_this_process_has_the_packages_that_it_imported() -> None:
    code = fingerprint.here()
    for module in (trainables, sweeps, analysis):
        folder = Path(module.__file__ or "").parent
        assert code.packages[module.__name__].path == str(folder)
        assert code.packages[module.__name__].fingerprint == fingerprint.fingerprint(folder)
    assert len(code.fingerprint) == fingerprint.DIGITS
    assert code.difference(code) is None


def test_the_same_code_elsewhere_is_the_same() -> None:
    ours = Code("head", {"trainables": Package("/a/trainables", "12")})
    theirs = Code("worker", {"trainables": Package("/b/trainables", "12")})
    assert ours.difference(theirs) is None
    assert ours.fingerprint == theirs.fingerprint


@pytest.mark.parametrize(
    ("worker", "message"),
    [
        (
            Code("gpu7", {"trainables": Package("/b/trainables", "34")}),
            "a worker on gpu7 runs other code than the driver on head: the driver has trainables "
            "in /a/trainables (12), the worker /b/trainables (34); install the same on both",
        ),
        (
            Code("gpu7", {"trainables": Package("", "")}),
            "a worker on gpu7 runs other code than the driver on head: the driver has trainables "
            "in /a/trainables (12), the worker not installed; install the same on both",
        ),
        (
            Code("head", {"trainables": Package("/a/trainables", "34")}),
            "trainables in /a/trainables has changed since the sweep started (driver 12, worker "
            "34): start it again",
        ),
    ],
    ids=["elsewhere", "lacking", "edited"],
)
def test_a_difference_is_one_line_with_both_paths(worker: Code, message: str) -> None:
    driver = Code("head", {"trainables": Package("/a/trainables", "12")})
    assert driver.difference(worker) == message
    assert driver.fingerprint != worker.fingerprint
