"""Whatever a file holds: one line, exit status 2, and nothing is changed."""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sharing_samples import Change, brought, changed, in_manifest

from sweeps.errors import UserError
from sweeps.home import Home
from sweeps.sharing.archive import Archive, opened


def refused(path: Path, home: Home) -> str:
    """Return the line that an import ends with, after which there is still no home."""
    with pytest.raises(UserError) as raised:
        brought(path, home)
    line = str(raised.value)
    assert "\n" not in line
    assert line.startswith(str(path))
    assert not home.folder.exists()
    return line


def added(name: str) -> Change:
    """A file at this path, which the manifest lists, too."""

    def change(contents: dict[str, bytes]) -> None:
        contents[name] = b"evil"
        manifest = json.loads(contents["manifest.json"])
        manifest["files"][name] = {"bytes": 4, "sha256": "0" * 64}
        contents["manifest.json"] = json.dumps(manifest).encode()

    return change


def without(ending: str) -> Change:
    def change(contents: dict[str, bytes]) -> None:
        del contents[next(name for name in contents if name.endswith(ending))]

    return change


def edited(ending: str) -> Change:
    """Another content, of which the manifest does not know."""

    def change(contents: dict[str, bytes]) -> None:
        name = next(name for name in contents if name.endswith(ending))
        contents[name] = contents[name].replace(b"0", b"1", 1)

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (added("../outside.yaml"), "'../outside.yaml' is no path of an archive"),
        (added("/tmp/outside.yaml"), "'/tmp/outside.yaml' is no path of an archive"),
        (added("trials/../../x/path.csv"), "is no path of an archive"),
        (added("store/arm/00/.partial.json"), "is no path of an archive"),
        (
            added("store/leases/00/00000000000000000000000000000000.json"),
            "is no path of an archive",
        ),
        (added("store\\arm\\x.json"), "is no path of an archive"),
        (without("path.csv"), "path.csv is missing"),
        (lambda contents: contents.update({"report.htm": b""}), "'report.htm' is no path"),
        (edited("path.csv"), "path.csv is not what manifest.json says"),
        (edited("trials.jsonl"), "records/trials.jsonl is not what manifest.json says"),
        (in_manifest(format_version=2), "newer version of sweeps: its format is 2, this version"),
        (in_manifest(format="else"), "its manifest.json is of something else"),
        (in_manifest(sweep="../up"), "is damaged, nothing is imported: manifest.json: sweep"),
        (in_manifest(submissions=[]), "manifest.json: submissions"),
        (lambda contents: contents.pop("manifest.json"), "it has no manifest.json"),
        (lambda contents: contents.update({"manifest.json": b"{"}), "manifest.json: "),
    ],
)
def test_a_changed_archive(
    archives: dict[bool, Path], other: Home, tmp_path: Path, change: Change, said: str
) -> None:
    assert said in refused(changed(archives[False], tmp_path / "changed.zip", change), other)
    assert not (tmp_path / "outside.yaml").exists()


def test_a_file_that_is_no_archive(other: Home, tmp_path: Path) -> None:
    path = tmp_path / "file.zip"
    path.write_bytes(b"PK\x03\x04 and something else")
    assert "it is no zip file" in refused(path, other)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("holiday.jpg", b"...")
    assert "is no archive of `sweeps export`: it has no manifest.json" in refused(path, other)
    assert "there is no such file" in refused(tmp_path / "none.zip", other)
    assert "this is a folder" in refused(tmp_path, other)


def test_a_file_twice(archives: dict[bool, Path], other: Home, tmp_path: Path) -> None:
    path = changed(archives[False], tmp_path / "twice.zip", lambda contents: None)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("README.txt", b"another")
    assert "two files of one name" in refused(path, other)


def test_any_bytes(archives: dict[bool, Path], tmp_path: Path) -> None:
    """Cut off, or with some bytes that are others: a line, or the contents as they were."""
    whole, path = archives[False].read_bytes(), tmp_path / "damaged.zip"
    chance = random.Random(0)
    refusals: list[str] = []
    for number in range(60):
        damaged = bytearray(whole)
        if number % 3 == 0:
            del damaged[chance.randrange(len(damaged)) :]
        for _ in range(1 + number % 4):
            if damaged:
                # Half of them where the zip file's own lists are.
                begin = len(damaged) * 3 // 4 if number % 2 else 0
                damaged[chance.randrange(begin, len(damaged))] = chance.randrange(256)
        path.write_bytes(damaged)
        try:
            with opened(path) as archive:
                archive.verify(lambda _: None)
                contents(archive)
        except UserError as error:
            refusals.append(str(error))
    assert len(refusals) > 30
    assert not [line for line in refusals if "\n" in line]


def contents(archive: Archive) -> dict[str, bytes]:
    return {name: archive.read(name) for name in archive.manifest.files}


def test_the_command_line_says_it_in_a_line(
    cli: Callable[..., Any], archives: dict[bool, Path], tmp_path: Path
) -> None:
    path = changed(archives[False], tmp_path / "bad.zip", edited("path.csv"))
    for arguments, said in (
        (["import", str(path)], "is damaged, nothing is imported: "),
        (["import", "none.zip"], "none.zip: there is no such file"),
        (["import", str(archives[False]), "--as", "a b"], "--as 'a b': a sweep's name is"),
        (["import", str(archives[False]), "--as", "../x"], "--as '../x': a sweep's name is"),
        (["export", "digits-mlp", "x.zip"], "nothing is recorded"),
        (["export", "digits-mlp", "x.tar.gz"], "FILE x.tar.gz: an archive is a zip file"),
        (["export", "digits-mlp", "none/x.zip"], "there is no folder none"),
    ):
        ended = cli(*arguments)
        assert (ended.status, ended.out) == (2, "")
        (line,) = ended.err.splitlines()
        assert said in line
    assert not (tmp_path / "home").exists()
