"""Which files below an address are images of which class: one rule, whatever holds the files."""

import itertools
import os
import uuid

import fsspec
import numpy as np
import pytest
import torch

from trainables import data
from trainables.data import loading
from trainables.data.errors import DataError
from trainables.data.images import decoding, layout, listed, listing, trees

NFC, NFD = "caf\u00e9", "cafe\u0301"
"""One name, as Linux and as macOS write it."""

TRAIN = ("train/cat/1.png", "train/cat/2.png", "train/ant/1.png")
TEST = ("test/cat/1.png", "test/ant/1.png")
VAL = ("val/cat/1.png", "val/ant/1.png")
WHOLE = (*TRAIN, *TEST)


def below(folder, *paths):
    return tuple(f"{folder}/{path}" for path in paths)


@pytest.fixture(
    params=["decoded folder", "decoded tar", "streamed folder", "streamed tar", "bucket"]
)
def read(request, making, put, tmp_path):
    """The facts of data with files of these paths, and what the user is told."""
    number, decoded = itertools.count(), request.param.startswith("decoded")

    def call(paths):
        pixels = {
            path: np.full((4, 5, 3), at % 256, np.uint8) for at, path in enumerate(sorted(paths))
        }
        files = {path: b"?" for path in paths if "png" not in path} | making.files(
            {path: it for path, it in pixels.items() if "png" in path}
        )
        if request.param == "bucket":
            address = f"memory://{uuid.uuid4()}"
            fsspec.filesystem("memory").pipe(
                {f"{address}/{path}": it for path, it in files.items()}
            )
        else:
            address = put(files, request.param.split()[1])
        folder, told = tmp_path / f"data{next(number)}", []
        if decoded:
            name = data.resolve(address, folder, told.append)
        else:
            name = listed.find(address, folder, told.append).name
        facts = data.facts(name)
        return (facts.train, facts.test, facts.classes), [
            one for one in told if one.startswith("skipped ")
        ]

    return call


@pytest.mark.parametrize("test", [TEST, VAL])
@pytest.mark.parametrize("top", ["", "cifar10/", "a/b/", "train/", "test/"])
def test_splits_lie_at_the_top_or_in_the_one_folder_there(read, top, test):
    assert read([top + path for path in (*TRAIN, *test)]) == ((3, 2, 2), [])


SKIPPED = {
    "nothing": ((), None),
    "in classes": (
        ("train/cat/Thumbs.db", "test/ant/.DS_Store", "test/ant/._1.png", "train/ant/1.csv"),
        "4 entries that are no images: test/ant/.DS_Store, test/ant/._1.png, train/ant/1.csv, "
        "train/cat/Thumbs.db",
    ),
    "in a split": (("train/labels.txt",), "1 entry that is no image: train/labels.txt"),
    "at the top": (("README", "poster.png"), "2 entries that are no images: README, poster.png"),
    "folders beside": (
        ("docs/a.txt", "docs/b.txt", "labels/train/cat/1.txt", ".git/train/cat/1.png"),
        "3 entries that are no images: .git/, docs/, labels/",
    ),
    "hidden classes": (
        ("train/.ipynb_checkpoints/1.png", "test/cat/.thumbs/1.png"),
        "2 entries that are no images: train/.ipynb_checkpoints/, test/cat/.thumbs/",
    ),
    "of macOS": (
        ("__MACOSX/train/cat/._1.png", "__MACOSX/train/cat/1.png", "train/cat/__MACOSX/1.png"),
        "2 entries that are no images: __MACOSX/, train/cat/__MACOSX/",
    ),
    "a folder of notes in a class": (
        ("train/cat/notes/a.txt",),
        "1 entry that is no image: train/cat/notes/a.txt",
    ),
    "test images without labels": (
        (*VAL, "test/1.png", "test/2.png"),
        "1 entry that is no image: test/",
    ),
    "many": (
        tuple(f"train/cat/{number:04}.txt" for number in range(12)),
        "12 entries that are no images: "
        + "".join(f"train/cat/{number:04}.txt, " for number in range(5))
        + "...",
    ),
}


@pytest.mark.parametrize("case", SKIPPED)
@pytest.mark.parametrize("top", ["", "cifar10/"])
def test_what_is_no_image_is_skipped_and_counted(read, case, top):
    others, line = SKIPPED[case]
    whole = TRAIN if set(VAL) & set(others) else WHOLE
    found, told = read([top + path for path in (*whole, *others)])
    assert found == (3, 2, 2)
    assert [one.replace(top, "") if top else one for one in told] == (
        [f"skipped {line}"] if line else []
    )


ONE = "must have one train/<class>/ and either one test/<class>/ or one val/<class>/"

WRONG = {
    "an older copy beside": (
        (*WHOLE, *below("old", *TRAIN)),
        [ONE, "found test, train, old/train"],
    ),
    "an older test split": ((*WHOLE, *below("old", *TEST)), [ONE, "old/test"]),
    "two data sets": (
        (*below("a", *WHOLE), *below("b", *WHOLE)),
        [ONE, "found a/test, a/train, b/test, b/train"],
    ),
    "two data sets, deeper": (
        (*below("x/a", *WHOLE), *below("x/b", *WHOLE)),
        [ONE, "found x/a/test, x/a/train, x/b/test, x/b/train"],
    ),
    "the halves apart": ((*below("a", *TRAIN), *below("b", *TEST)), [ONE, "a/train, b/test"]),
    "one half deeper": ((*TRAIN, *below("b", *TEST)), [ONE, "found train, b/test"]),
    "a half beside a whole": (
        (*TRAIN, *below("old", *WHOLE)),
        [ONE, "found train, old/test, old/train"],
    ),
    "both test and val": ((*WHOLE, *VAL), ["images in both val/<class>/ and test/<class>/"]),
    "no train": (TEST, [ONE, "found test"]),
    "no test": (TRAIN, [ONE, "found train"]),
    "other names": (below("Train", "cat/1.png"), [ONE, "found only Train/"]),
    "no folders": (("1.png", "2.png"), ["there are no images at", "no folders, but files"]),
    "a folder in a class": (
        (*WHOLE, "train/cat/more/3.png", "train/cat/more/4.png"),
        ["train/cat/more/3.png does not lie directly in a class's folder", ", and 1 more"],
    ),
    "a folder in a class of a test split": (
        (*WHOLE, "test/cat/more/3.png"),
        ["test/cat/more/3.png does not lie directly"],
    ),
    "images in no class": ((*WHOLE, "train/3.png"), ["train/3.png does not lie directly"]),
    "no image's suffix": (
        [path.replace("train/cat", "x").replace(".png", ".png.txt") for path in WHOLE]
        + ["train/cat/x.txt"],
        ["no images under train/<class>/", "skipped 5 entries"],
    ),
    "one class, two spellings": (
        (*WHOLE, f"train/{NFC}/1.png", f"train/{NFD}/1.png", f"test/{NFC}/1.png"),
        ["train has two folders of one class", r"'caf\xe9'", r"'cafe\u0301'"],
    ),
    "a class that a split lacks": (
        (*WHOLE, "train/bee/1.png", f"train/{NFD}/1.png"),
        ["the class 'bee' has no images in test, and so have 1 more"],
    ),
    "a copy that is being made": ((*WHOLE, ".resizing"), ["is not whole"]),
    "such a copy, deeper": (below("x", *WHOLE, ".resizing"), ["is not whole"]),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_ambiguous_is_an_error_that_lists_it(read, case, error_line):
    paths, words = WRONG[case]
    line = error_line(read, paths)
    for word in words:
        assert word in line


def test_an_unreadable_split_that_was_set_aside_is_no_second_one(read):
    assert read([*WHOLE, *below("unreadable", *TRAIN)]) == ((3, 2, 2), [])


@pytest.mark.parametrize(("one", "other"), [(NFC, NFD), (NFD, NFC), (NFD, NFD)])
def test_a_class_is_the_same_however_its_name_is_written(read, one, other):
    paths = [path.replace("train/ant", f"train/{one}") for path in TRAIN]
    paths += [path.replace("test/ant", f"test/{other}") for path in TEST]
    assert read(paths) == ((3, 2, 2), [])


def test_names_of_data_that_were_right_stay(making, put):
    """Stored results hold them: these are of the version before the rules were one."""
    names = ("ant", "Dog", NFC, "\u00c5ngstr\u00f6m")
    sizes = {
        f"{split}/{name}/{letter}.jpg": b"x" * (10 * at + len(name))
        for split in ("train", "val")
        for name in names
        for at, letter in enumerate("ab")
    }
    assert listing.read(put(sizes)).name == "folder-9c169df9b154-8-8-4"
    pixels = {
        f"{split}/{name}/{letter}.png": np.full((4, 5, 3), value + 10 * at + len(name), np.uint8)
        for split, value in (("train", 0), ("test", 100))
        for name in names
        for at, letter in enumerate("ab")
    }
    found = decoding.decode(put(making.files(pixels)))
    assert decoding.name(found) == "images-0f154539317b-8-8-3x4x5-4"


# --- what becomes of it -------------------------------------------------------------------


def test_labels_and_files_are_those_of_the_spelling_on_the_disk(making, put, tmp_path):
    """`f` sorts between the two spellings of é: by these, the splits would differ in labels."""
    one, other = "\u00e9", "e\u0301"
    value = {"f": 10, one: 20, other: 20}
    pixels = {
        f"{split}/{name}/1.png": np.full((40, 50, 3), value[name], np.uint8)
        for split, names in (("train", ("f", other)), ("test", ("f", one)))
        for name in names
    }
    address = put(making.files(pixels))
    held = decoding.decode(address)
    assert held.train_images[:, 0, 0, 0].tolist() == [10, 20]
    assert held.test_images[:, 0, 0, 0].tolist() == [10, 20]
    streamed = loading.streamed(listed.find(address, tmp_path), "unit", 32, tmp_path)
    for split in (streamed.train, streamed.test):
        assert split.source.images([0, 1])[:, 0, 0, 0].tolist() == [10, 20]
        assert split.labels.tolist() == [0, 1]


@pytest.mark.parametrize("route", ["decoded", "streamed"])
@pytest.mark.parametrize("bucket", [False, True])
def test_names_are_no_patterns(making, put, tmp_path, route, bucket):
    names = ("1.png", "[1].png", "*.png", "?.png", "a b#c%20.png")
    pixels = {
        f"{split}/[cat]/{name}": np.full((4, 5, 3), 10 * at, np.uint8)
        for split in ("train", "test")
        for at, name in enumerate(sorted(names))
    }
    files = making.files(pixels)
    address = f"memory://{uuid.uuid4()}" if bucket else put(files)
    if bucket:
        for path, content in files.items():
            fsspec.filesystem("memory").pipe_file(f"{address}/{path}", content)
    if route == "decoded":
        seen = decoding.decode(address).train_images
    else:
        found = listed.find(address, tmp_path, lambda line: None)
        seen = loading.streamed(found, "unit", 4, tmp_path).train.source.images(range(5))
    assert seen[:, 0, 0, 0].tolist() == [0, 10, 20, 30, 40]


@pytest.mark.parametrize("route", ["decoded", "streamed"])
def test_a_data_set_that_comes_beside_is_noticed(making, put, tmp_path, route, error_line):
    files = making.files({path: np.zeros((4, 5, 3), np.uint8) for path in WHOLE})
    address = put(files)

    def find():
        if route == "decoded":
            return data.resolve(address, tmp_path / "data", lambda line: None)
        return listed.find(address, tmp_path / "data", lambda line: None).name

    assert find() == find()
    making.folder(tmp_path / "images0.folder" / "old", files)
    assert "old/train" in error_line(find)


def test_what_is_skipped_is_told_once(making, put, tmp_path):
    files = making.files({path: np.zeros((4, 5, 3), np.uint8) for path in WHOLE})
    told = []
    fs = fsspec.filesystem("memory")
    bucket = f"memory://{uuid.uuid4()}"
    fs.pipe({f"{bucket}/{path}": it for path, it in (files | {"train/cat/a.csv": b""}).items()})
    for _ in range(3):  # listed each time, for it is small
        listed.find(bucket, tmp_path, told.append)
    assert [line for line in told if "skipped" in line] == [
        "skipped 1 entry that is no image: train/cat/a.csv"
    ]


def test_a_link_that_leads_into_itself_ends(making, put, error_line):
    files = making.files({path: np.zeros((4, 5, 3), np.uint8) for path in WHOLE})
    for link, target in (("train/cat/loop", ".."), ("train/cat/loop", "../../..")):
        address = put(files)
        os.symlink(target, f"{address}/{link}")
        assert "is a link to a folder that it lies in" in error_line(listing.read, address)


def test_a_link_to_nothing_is_no_skipped_file(making, put, error_line):
    address = put(making.files({path: np.zeros((4, 5, 3), np.uint8) for path in WHOLE}))
    os.symlink("nowhere", f"{address}/train/cat/broken.png")
    for call in (listing.read, decoding.decode):
        assert "train/cat/broken.png is no file, or a link to nothing" in error_line(call, address)


def test_paths_that_lead_out_of_an_archive(making, put, error_line, tmp_path):
    files = making.files({path: np.zeros((4, 5, 3), np.uint8) for path in WHOLE})
    outside = files | {"../train/cat/3.png": files["train/cat/1.png"]}
    address = put(outside, "tar")
    for call in (decoding.decode, lambda it: listed.find(it, tmp_path / "data")):
        assert "../train/cat/3.png leads out of the archive" in error_line(call, address)


def test_names_that_are_no_text_are_one_line(making, put, tmp_path, error_line):
    address = put(making.files({path: np.zeros((4, 5, 3), np.uint8) for path in WHOLE}))
    for name in (b"\xff.png", b"a\nb.png"):
        with open(f"{address}/train/".encode() + name, "wb"):
            pass
        line = error_line(listing.read, address)
        line.encode()
        assert repr(name)[2:-1] in line.replace("\\udcff", r"\xff")
        os.remove(f"{address}/train/".encode() + name)


def test_the_members_of_an_archive_are_a_tree():
    tree = trees.Members({"a/b/c.png", "a/d.png", "ab/e.png"})
    assert tree.names("") == (["a", "ab"], [])
    assert tree.names("a") == (["b"], ["d.png"])
    assert {path: [name for name, *_ in files] for path, files in tree.below("a")} == {
        "": ["d.png"],
        "b": ["c.png"],
    }
    assert tree.is_folder("a/b")
    assert not tree.is_folder("a/d.png")
    with pytest.raises(DataError):
        layout.read(tree, "x")


def test_both_routes_see_the_same_labels(making, put, tmp_path):
    pictures = making.pictures()
    address = put(making.files(pictures))
    streamed = loading.streamed(listed.find(address, tmp_path), "unit", 32, tmp_path)
    held = decoding.decode(address)
    assert torch.equal(streamed.train.labels, held.train_labels)
    assert torch.equal(streamed.test.labels, held.test_labels)
