"""Folders and archives of images, against the pictures that were put there."""

import functools
import gzip
import http.server
import itertools
import json
import os
import random
import threading
import uuid
from pathlib import Path

import fsspec
import numpy as np
import pytest
from PIL import Image

from trainables import data
from trainables.data import decoded, resolving
from trainables.data.caches import place
from trainables.data.images import decoding, source

FORMS = ["folder", "tar", "tar.gz", "tar.bz2", "tar.xz"]
forms = pytest.mark.parametrize("form", FORMS)


@pytest.fixture
def name_of(tmp_path):
    """The content name of the images at an address."""
    numbers = itertools.count()
    return lambda address: data.resolve(address, tmp_path / f"data{next(numbers)}")


# --- what is read -----------------------------------------------------------------------


@forms
@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_are_exact_in_order_of_class_and_path(making, put, form, channels):
    pictures = making.pictures(channels)
    found = decoding.decode(put(making.files(pictures), form))
    making.check(found, pictures)
    assert found.train_images.shape == (6, 4, 5, channels)
    assert found.train_labels.tolist() == [0, 0, 0, 1, 2, 2], "Dog, ant, cat"


def test_jpegs_have_the_pixels_that_pillow_decodes(making, put, tmp_path):
    pictures = making.pictures()
    files = {path: making.encoded(pixels, "JPEG") for path, pixels in pictures.items()}
    address = put(files)
    for path in pictures:
        with Image.open(f"{address}/{path}") as image:
            pictures[path] = np.array(image)
    making.check(decoding.decode(address), pictures)


def test_the_order_of_an_archive_does_not_matter(making, put):
    files = making.files(making.pictures())
    for seed in range(5):
        order = random.Random(seed).sample(list(files), len(files))
        making.check(decoding.decode(put(files, "tar", order=order)), making.pictures())


@pytest.mark.parametrize("top", ["./", "pets/", "pets/v1.0/", "train/", "test/train/"])
def test_folders_above_are_accepted(making, put, top):
    pictures = making.pictures()
    making.check(decoding.decode(put(making.files(pictures), "tar.gz", top=top)), pictures)
    above = {top + path: content for path, content in making.files(pictures).items()}
    making.check(decoding.decode(put(above)), pictures)


def test_classes_may_be_called_train_and_test(making, put):
    pictures = {
        path.replace("cat", "train").replace("Dog", "test"): pixels
        for path, pixels in making.pictures().items()
    }
    making.check(decoding.decode(put(making.files(pictures))), pictures)


def test_other_files_are_left_alone(making, put):
    pictures = making.pictures()
    others = dict.fromkeys(
        ["README", "train/README", "labels/a/b.csv", "train/cat/.DS_Store", "train/cat/._9.png"],
        b"not an image",
    )
    for form in FORMS:
        making.check(decoding.decode(put(making.files(pictures) | others, form)), pictures)


def test_the_later_of_two_members_of_one_path_counts(making, tmp_path):
    """As where the archive is extracted."""
    pictures, path = making.pictures(), "train/ant/x.png"
    files = making.files(pictures)
    stale = making.archive({path: files["test/ant/1.png"]})[:1024]
    (tmp_path / "both.tar").write_bytes(stale + making.archive(files))
    making.check(decoding.decode(str(tmp_path / "both.tar")), pictures)


# --- the content name -------------------------------------------------------------------


def test_a_folder_and_archives_of_the_same_images_have_one_name(making, put, name_of):
    files = making.files(making.pictures())
    assert len({name_of(put(files, form)) for form in FORMS}) == 1


@pytest.mark.parametrize("channels", [1, 3])
def test_the_name_tells_the_facts(making, put, name_of, channels):
    name = name_of(put(making.files(making.pictures(channels))))
    assert data.facts(name) == data.Facts(6, 4, (channels, 4, 5), 3)


def another_pixel(pictures):
    pictures["test/cat/1.png"][3, 4, 2] ^= 1


def another_label(pictures):
    pictures["train/ant/a.png"] = pictures.pop("train/Dog/a.png")


def another_split(pictures):
    pictures["test/Dog/a.png"] = pictures.pop("train/Dog/a.png")


def another_class(pictures):
    for split in ("train", "test"):
        pictures[f"{split}/zebra/1.png"] = pictures[
            f"{split}/ant/{'x' if split == 'train' else 1}.png"
        ]


def another_order(pictures):
    first, second = "train/cat/10.png", "train/cat/9.png"
    pictures[first], pictures[second] = pictures[second], pictures[first]


def two_classes_swapped(pictures):
    for split in ("train", "test"):
        for path in [path for path in pictures if path.startswith(f"{split}/ant/")]:
            pictures[path.replace("ant", "dog")] = pictures.pop(path)


def another_shape(pictures):
    """Of the same bytes."""
    for path, pixels in pictures.items():
        pictures[path] = pixels.reshape(5, 4, 3)


CHANGES = [
    another_pixel,
    another_label,
    another_split,
    another_class,
    another_order,
    two_classes_swapped,
    another_shape,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_differs_has_another_name(making, put, name_of, change):
    pictures = making.pictures()
    before = name_of(put(making.files(pictures)))
    change(pictures)
    assert name_of(put(making.files(pictures))) != before


def test_paths_are_no_part_of_the_name(making, put, name_of):
    pictures = making.pictures()
    renamed = {path.replace("png", "JPG"): pixels for path, pixels in pictures.items()}
    assert name_of(put(making.files(pictures))) == name_of(put(making.files(renamed)))


# --- decoding once ----------------------------------------------------------------------


@pytest.fixture
def decodings(monkeypatch):
    """The addresses that are decoded."""
    addresses, decode = [], decoding.decode

    def counted(address, *announce):
        addresses.append(address)
        return decode(address, *announce)

    monkeypatch.setattr(decoding, "decode", counted)
    return addresses


@forms
def test_the_second_call_decodes_nothing(making, put, tmp_path, decodings, form):
    announced = []
    address, folder = put(making.files(making.pictures()), form), tmp_path / "data"
    name = data.resolve(address, folder, lambda line: announced.append((line, len(decodings))))
    assert announced == [(f"decoding {address}", 0)], "before decoding"
    assert decodings == [address]
    held = decoded.load(place(folder, name), lambda: pytest.fail("it is decoded"))
    making.check(held, making.pictures())
    again = data.resolve(address, folder, lambda line: pytest.fail("nothing to announce"))
    assert again == name
    assert decodings == [address]


def test_the_images_are_loaded_from_what_was_decoded(making, put, tmp_path, short):
    pictures = making.pictures()
    address, folder = put(making.files(pictures), "tar"), tmp_path / "data"
    name = data.resolve(address, folder)
    os.remove(address)
    recipe = short(data=name, data_address=address, input_scaling="unit")
    assert data.prepared(recipe, folder)
    data.prepare(recipe, folder)
    for split in ("train", "test"):
        held = getattr(data.load(recipe, folder), split)
        pixels, labels = making.expected(pictures, split)
        inputs = held.inputs(held.images).permute(0, 2, 3, 1).numpy()
        np.testing.assert_allclose(inputs, pixels / 255, rtol=1e-6)
        assert held.labels.tolist() == labels


def repainted(making):
    """Twice the files, one image of another colour; no file has another size."""
    files = making.files(making.pictures())
    pixels = np.full((4, 5, 3), 7, dtype=np.uint8)
    one, other = making.encoded(pixels), making.encoded(pixels + 1)
    size = max(len(one), len(other))
    return [files | {"test/cat/1.png": content.ljust(size, b"\0")} for content in (one, other)]


@pytest.mark.parametrize("form", ["folder", "tar"])
def test_a_changed_file_is_noticed(making, put, tmp_path, decodings, form):
    before, after = repainted(making)
    address, folder = put(before, form), tmp_path / "data"
    first = data.resolve(address, folder)
    changed = f"{address}/test/cat/1.png" if form == "folder" else address
    size, time = os.stat(changed).st_size, os.stat(changed).st_mtime
    with open(changed, "wb") as file:
        file.write(after["test/cat/1.png"] if form == "folder" else making.archive(after))
    assert os.stat(changed).st_size == size
    os.utime(changed, (time + 2, time + 2))
    assert data.resolve(address, folder) != first
    assert len(decodings) == 2


def test_what_was_read_by_other_rules_is_read_again(making, put, tmp_path, decodings, monkeypatch):
    address = put(making.files(making.pictures()))
    first = data.resolve(address, tmp_path)
    monkeypatch.setattr(source, "RULES", source.RULES + 1)
    assert data.resolve(address, tmp_path) == first
    assert len(decodings) == 2


def test_files_that_come_and_go_are_noticed(making, put, tmp_path, decodings):
    address, folder = put(making.files(making.pictures())), tmp_path / "data"
    first = data.resolve(address, folder)
    another = f"{address}/train/cat/new.png"
    with open(another, "wb") as file:
        file.write(making.files(making.pictures(seed=1))["train/cat/9.png"])
    assert data.resolve(address, folder) != first
    os.remove(another)
    assert data.resolve(address, folder) == first
    assert len(decodings) == 2, "what was decoded before is known still"


def test_files_that_are_no_images_are_not_waited_for(making, put, decodings):
    """The decoded images may lie in the folder of the images themselves."""
    address = put(making.files(making.pictures()))
    name = data.resolve(address, Path(address))
    assert place(Path(address), name).is_relative_to(address)
    assert data.resolve(address, Path(address)) == name
    assert len(decodings) == 1


def test_a_note_that_was_cut_short_is_written_again(making, put, tmp_path, decodings):
    address, folder = put(making.files(making.pictures())), tmp_path / "data"
    name = data.resolve(address, folder)
    (note,) = (folder / "decoded").glob("*.json")
    whole = note.read_text()
    for length in (0, 1, len(whole) // 2, len(whole) - 3):
        note.write_text(whole[:length])
        assert data.resolve(address, folder) == name
        assert note.read_text() == whole
    assert len(decodings) == 5
    note.write_text(json.dumps({"address": address}))
    assert data.resolve(address, folder) == name


def test_decoded_images_that_are_gone_are_decoded_again(making, put, tmp_path, decodings):
    address, folder = put(making.files(making.pictures())), tmp_path / "data"
    name = data.resolve(address, folder)
    place(folder, name).unlink()
    assert data.resolve(address, folder) == name
    assert len(decodings) == 2
    making.check(decoded.load(place(folder, name), lambda: pytest.fail("there")), making.pictures())


def test_images_are_decoded_only_as_what_they_were(making, put, tmp_path, name_of, error_line):
    address = put(making.files(making.pictures()))
    name = name_of(address)
    making.check(resolving.decode_as(name, address, tmp_path), making.pictures())
    os.remove(f"{address}/train/cat/9.png")
    assert "changed since" in error_line(resolving.decode_as, name, address, tmp_path)


def test_a_copy_elsewhere_uses_what_is_decoded_in_a_folder_that_is_read_only(
    making, put, tmp_path, monkeypatch
):
    files, folder = making.files(making.pictures()), tmp_path / "data"
    name = data.resolve(put(files), folder)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    monkeypatch.setattr(
        os, "access", lambda path, mode: mode == os.R_OK or not str(path).startswith(str(folder))
    )
    assert data.resolve(put(files, "tar"), folder) == name
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    kept = tmp_path / "user-cache" / "stability-sweeps" / "decoded"
    assert [path.suffix for path in kept.iterdir()] == [".json"]


# --- other file systems -----------------------------------------------------------------


@pytest.fixture
def memory():
    root = f"/{uuid.uuid4()}"
    fs = fsspec.filesystem("memory")
    yield fs, root
    fs.rm(root, recursive=True)


@pytest.mark.parametrize("form", ["folder", "tar.gz"])
def test_addresses_may_be_urls(making, tmp_path, memory, decodings, form):
    fs, root = memory
    before, after = repainted(making)

    def write(files):
        if form == "folder":
            fs.pipe({f"{root}/{path}": content for path, content in files.items()})
            return f"memory:/{root}"
        fs.pipe(f"{root}/images.tar.gz", making.archive(files, kind="gz"))
        return f"memory:/{root}/images.tar.gz"

    address = write(before)
    first = data.resolve(address, tmp_path)
    assert data.resolve(address, tmp_path) == first
    assert len(decodings) == 1
    write(after)
    assert data.resolve(address, tmp_path) != first


def test_an_archive_on_a_web_server(making, put, name_of, tmp_path, decodings, error_line):
    pytest.importorskip("aiohttp")
    archive = Path(put(making.files(making.pictures()), "tar.gz"))

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    handler = functools.partial(Quiet, directory=str(archive.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/{archive.name}"
        name = data.resolve(address, tmp_path / "data")
        assert name == name_of(str(archive))
        decodings.clear()
        assert data.resolve(address, tmp_path / "data") == name
        assert not decodings
        changed = making.files(making.pictures(seed=1))
        archive.write_bytes(making.archive(changed, kind="gz") + b"of another size")
        assert data.resolve(address, tmp_path / "data") != name
        assert "no images at" in error_line(data.resolve, f"{address}.not", tmp_path / "data")
        server.shutdown()


@pytest.mark.parametrize("level", [0, 6])
def test_a_gzipped_archive_whose_checksum_is_wrong(making, tmp_path, error_line, level) -> None:
    """Uncompressed pixels with a flipped bit are whole images: only the checksum tells."""
    files = making.files(making.pictures())
    plain = making.archive(files, kind="")
    packed = bytearray(gzip.compress(plain, level))
    at = packed.index(plain[600:640]) if level == 0 else len(packed) - 6
    packed[at] ^= 1
    path = tmp_path / "images.tar.gz"
    path.write_bytes(packed)
    assert "is not a whole tar archive" in error_line(data.resolve, str(path), tmp_path / "data")
