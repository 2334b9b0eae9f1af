"""`sweeps images` as a user calls it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.pictures import fill
from sweeps.app import app
from sweeps.commands.images import NAMED
from sweeps.errors import UserError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    fill(tmp_path / "images", classes=2, train=7, val=1, size=(60, 45))
    return tmp_path / "images"


def images(*arguments: object, status: int = 0) -> list[str]:
    """The lines that a command prints."""
    call = ["images", *map(str, arguments), "--processes", "1"]
    result = CliRunner().invoke(app, call, catch_exceptions=True)
    if isinstance(result.exception, UserError):
        raise result.exception
    assert result.exit_code == status, result.output
    return result.output.splitlines()


def test_a_folder_that_is_whole(folder: Path) -> None:
    assert images("check", folder) == ["16 of 16 images can be read"]


def test_images_that_cannot_be_read_are_named_and_counted(folder: Path) -> None:
    wrong = sorted((folder / "train").rglob("*.JPEG"))[: NAMED + 1]
    for path in wrong:
        path.write_bytes(path.read_bytes()[:100])
    lines = images("check", folder, status=2)
    assert [str(path) in line for path, line in zip(wrong, lines[:NAMED], strict=False)] == [
        True
    ] * NAMED
    assert lines[NAMED:] == ["... and 1 more", "5 of 16 images can be read"]
    resized = images("resize", folder, folder.parent / "copy", "--short-side", 30, status=2)
    assert resized[-2] == "5 images made, 0 were there"
    assert "is not whole: mend or remove the 11" in resized[-1]


def test_images_that_cannot_be_read_are_set_aside(folder: Path) -> None:
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.JPEG"))
    damaged = folder / names[-1]
    (damaged.parent / "whole.JPEG").write_bytes(damaged.read_bytes())
    damaged.write_bytes(b"no image")
    lines = images("check", folder, "--set-aside")
    assert lines[1:] == ["16 of 17 images can be read", f"1 set aside in {folder}/unreadable"]
    assert (folder / "unreadable" / names[-1]).read_bytes() == b"no image"
    assert images("check", folder) == ["16 of 16 images can be read"]


def test_a_smaller_copy(folder: Path, tmp_path: Path) -> None:
    command = ("resize", folder, tmp_path / "copy", "--short-side", 30)
    assert images(*command) == ["16 images made, 0 were there"]
    next((tmp_path / "copy").rglob("*.JPEG")).write_bytes(b"damaged")
    assert images(*command) == ["1 images made, 15 were there"]
    assert images("check", tmp_path / "copy") == ["16 of 16 images can be read"]


def test_files_that_are_no_images_are_counted(folder: Path, tmp_path: Path) -> None:
    (folder / "train" / "Thumbs.db").touch()
    (folder / "notes").mkdir()
    skipped = "skipped 2 entries that are no images: notes/, train/Thumbs.db"
    assert images("check", folder) == [skipped, "16 of 16 images can be read"]
    assert images("resize", folder, tmp_path / "copy") == [skipped, "16 images made, 0 were there"]


def test_the_folder_may_lie_in_another_and_in_ones_own(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    folder.rename(tmp_path / "a#b")
    (tmp_path / "top::x").mkdir()
    (tmp_path / "a#b").rename(tmp_path / "top::x" / "a#b")
    assert images("resize", "~/top::x/", "~/copy", "--short-side", 30) == [
        "16 images made, 0 were there"
    ]
    assert images("resize", "~/top::x", "~/copy", "--short-side", 30) == [
        "0 images made, 16 were there"
    ]
    assert len(list((tmp_path / "copy" / "a#b").rglob("*.JPEG"))) == 16
    for address in ("~/copy", "~/copy/a#b"):
        assert images("check", address) == ["16 of 16 images can be read"]
    assert not (Path.cwd() / "~").exists()


def test_errors_are_one_line(folder: Path, tmp_path: Path) -> None:
    for call, words in (
        (("check", tmp_path / "none"), "there are no images at"),
        (("resize", folder, folder), "the copy must lie elsewhere"),
        (("resize", folder, f"{folder}/copy"), "the copy must lie elsewhere"),
        (("check", "://"), "neither a path nor a URL"),
        (("resize", folder, "gopher://x"), "cannot write to gopher://x"),
    ):
        with pytest.raises(UserError, match=words):
            images(*call)
