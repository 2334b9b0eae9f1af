"""What a folder holds, by listing; its name; and when it is listed again."""

import io
import json
import os
import tarfile
import uuid
from pathlib import Path

import fsspec
import numpy as np
import pytest

from trainables import data
from trainables.data.errors import DataError
from trainables.data.images import index, listed, listing, source, unpacking
from trainables.data.images.listing import Listing


@pytest.fixture
def find(tmp_path):
    return lambda address: listed.find(str(address), tmp_path / "data")


@pytest.fixture
def listings(monkeypatch):
    """How often a folder was listed."""
    calls, read = [], listing.read

    def counted(address, **how):
        calls.append(address)
        return read(address, **how)

    monkeypatch.setattr(listing, "read", counted)
    return calls


def line(call, *arguments):
    with pytest.raises(DataError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- what is listed ---------------------------------------------------------------------


def test_classes_and_images_are_sorted_as_torchvision_sorts_them(images, contents):
    found = listing.read(str(images))
    assert found.classes == ["Dog", "ant", "cat"]
    assert found.counts == (15, 5, 3)
    assert found.test_folder == "val"
    assert found.train["ant"] == [
        (f"{i}.JPEG", len(contents[f"train/ant/{i}.JPEG"])) for i in range(5)
    ]


def test_the_name_tells_the_facts_and_the_sizes(images, contents, lay):
    name = listing.read(str(images)).name
    assert data.facts(name) == data.Facts(15, 5, None, 3)
    assert listing.read(str(lay(contents, "elsewhere"))).name == name
    renamed = {path.replace("val/", "test/"): content for path, content in contents.items()}
    assert listing.read(str(lay(renamed, "test"))).name == name, "test is another name of val"
    longer = contents | {"train/ant/0.JPEG": contents["train/ant/0.JPEG"] + b" "}
    assert listing.read(str(lay(longer, "longer"))).name != name


def test_other_files_are_left_out(images):
    name = listing.read(str(images)).name
    for path in ("README", "train/notes.txt", "train/ant/notes.txt", "val/ant/.hidden.jpg"):
        (images / path).write_text("?")
    (images / "test").mkdir()
    (images / "test" / "flat.JPEG").write_text("ImageNet's test images have no classes")
    assert listing.read(str(images)).name == name


def test_linked_classes_are_followed(images, tmp_path):
    name = listing.read(str(images)).name
    (images / "train" / "ant").rename(tmp_path / "ants")
    (images / "train" / "ant").symlink_to(tmp_path / "ants")
    assert listing.read(str(images)).name == name


def test_a_class_that_a_split_lacks_is_named(images):
    for image in (images / "val" / "Dog").iterdir():
        image.unlink()
    assert line(listing.read, str(images)).endswith("the class 'Dog' has no images in val")
    for image in (images / "train" / "Dog").iterdir():
        image.unlink()
    assert listing.read(str(images)).classes == ["ant", "cat"]
    (images / "train" / "ant").rename(images / "train" / "bee")
    assert "the class 'ant' has no images in train" in line(listing.read, str(images))


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_split_without_images_is_an_error(images, split):
    (images / split).rename(images / "away")
    found = line(listing.read, str(images))
    assert "must have one train/<class>/ and either one test/<class>/ or one val/<class>/" in found
    assert found.endswith(f"found {'val' if split == 'train' else 'train'}")
    (images / split).mkdir()
    (images / split / "README").write_text("?")
    assert f"has no images under {split}/<class>/" in line(listing.read, str(images))


def test_nothing_at_an_address_is_an_error(tmp_path, find):
    assert "there are no images at" in line(find, tmp_path / "none")
    assert "gopher" in line(find, "gopher://images")


# --- the index --------------------------------------------------------------------------


def test_an_index_has_every_path_and_label(tmp_path):
    train = {
        "b": [("1.jpg", 5), ("ä.jpg", 6)],
        "c": [("x.jpg", 1)],
        "d": [(f"{i}.jpg", i) for i in range(9)],
    }
    test = {"b": [("1.jpg", 5)], "c": [("1.jpg", 5), ("2.jpg", 1)], "d": [("1.jpg", 5)]}
    index.write(tmp_path / "x.safetensors", Listing(train, test, "val"))
    for split, files in (("train", train), ("test", test)):
        read = index.load(tmp_path / "x.safetensors", split)
        expected = [f"{label}/{name}" for label in files for name, _ in files[label]]
        assert [read.path(i) for i in range(len(read))] == expected
        assert read.labels.tolist() == [i for i, label in enumerate(files) for _ in files[label]]
        assert read.ends.dtype == np.int64


# --- when it is listed again ------------------------------------------------------------


def test_a_folder_is_listed_once(images, find, listings):
    first = find(images)
    assert find(images) == first
    assert len(listings) == 1


def test_a_file_that_comes_or_goes_is_noticed(images, contents, find, listings):
    first = find(images)
    extra = images / "train" / "ant" / "more.JPEG"
    extra.write_bytes(contents["train/ant/0.JPEG"])
    more = find(images)
    assert data.facts(more.name).train == 16
    extra.unlink()
    os.utime(images / "train" / "ant", (1, 1))
    assert find(images).name == first.name
    assert len(listings) == 3


def test_a_damaged_note_or_a_lost_index_is_made_again(images, tmp_path, find, listings):
    first = find(images)
    note = next((tmp_path / "data").rglob("listing-*.json"))
    note.write_text(note.read_text()[:20])
    assert find(images) == first
    first.index(tmp_path / "data").unlink()
    assert find(images) == first
    assert len(listings) == 3
    assert json.loads(note.read_text())["address"] == str(images)


def test_a_folder_in_memory(contents, find, listings):
    fs, root = fsspec.filesystem("memory"), f"/{uuid.uuid4()}"
    for path, content in contents.items():
        fs.pipe_file(f"{root}/{path}", content)
    first = find(f"memory:/{root}")
    assert data.facts(first.name) == data.Facts(15, 5, None, 3)
    fs.pipe_file(f"{root}/train/ant/more.JPEG", b"1234")
    assert data.facts(find(f"memory:/{root}").name).train == 16, "few files are listed every time"


# --- archives ---------------------------------------------------------------------------


def archive(path: Path, files, mode="w:gz"):
    with tarfile.open(path, mode) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"dataset/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_an_archive_is_unpacked_once_and_then_a_folder(images, contents, find, tmp_path, mode):
    packed = archive(tmp_path / "x.tar", contents, mode)
    found = find(packed)
    assert found.name == find(images).name
    assert (Path(found.root) / "val/cat/1.JPEG").read_bytes() == contents["val/cat/1.JPEG"]
    before = (Path(found.root) / "val").stat().st_mtime_ns
    assert find(packed) == found
    assert (Path(found.root) / "val").stat().st_mtime_ns == before


def test_a_cut_archive_leaves_nothing(contents, find, tmp_path):
    packed = archive(tmp_path / "x.tar.gz", contents)
    packed.write_bytes(packed.read_bytes()[:-3000])
    assert "is not a whole tar archive" in line(find, packed)
    assert not list((tmp_path / "data").rglob("unpacked-*/"))
    archive(packed, contents)
    assert data.facts(find(packed).name).train == 15


def test_unpacking_begins_again_after_a_kill(contents, find, tmp_path, monkeypatch):
    packed = archive(tmp_path / "x.tar.gz", contents)
    target = Path(unpacking.unpacked(source.at(str(packed)), tmp_path / "data", lambda line: None))
    target.rename(target.with_suffix(".partial"))
    half = target.with_suffix(".partial") / "dataset" / "train" / "ant" / "0.JPEG"
    half.write_bytes(b"half")
    found = find(packed)
    held = (Path(found.root) / "train/ant/0.JPEG").read_bytes()
    assert held == contents["train/ant/0.JPEG"]
