"""What is wrong with folders and archives of images: one line each, and nothing left behind."""

import bz2
import gzip
import io
import lzma
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from trainables import data
from trainables.data.errors import DataError
from trainables.data.images import decoding

# --- what is wrong with images ----------------------------------------------------------


def mode(pixels, kind):
    return Image.fromarray(pixels).convert(kind)


def saved(image, kind="PNG"):
    content = io.BytesIO()
    image.save(content, kind)
    return content.getvalue()


PIXELS = np.random.default_rng(1).integers(0, 256, (4, 5, 3), dtype=np.uint8)
SIXTEEN = Image.fromarray(PIXELS[:, :, 0].astype(np.uint16) * 257)

WRONG = {
    "no train": (lambda files: {p: c for p, c in files.items() if "test/" in p}, ["train/<class>"]),
    "no test": (lambda files: {p: c for p, c in files.items() if "train/" in p}, ["test/<class>"]),
    "no classes": (
        lambda files: {p.replace("/", "-").replace("-", "/", 1): c for p, c in files.items()},
        ["train/<class>/", "test/<class>/"],
    ),
    "class not in test": (
        lambda files: {p: c for p, c in files.items() if "test/ant" not in p},
        ["'ant'", "in test"],
    ),
    "class not in train": (
        lambda files: {p: c for p, c in files.items() if "train/cat" not in p},
        ["'cat'", "in train"],
    ),
    "another size": (
        lambda files: files | {"train/cat/9.png": saved(Image.fromarray(PIXELS[:3]))},
        ["one size", "5x4 RGB", "train/cat/9.png is 5x3 RGB"],
    ),
    "grey among RGB": (
        lambda files: files | {"train/cat/9.png": saved(mode(PIXELS, "L"))},
        ["one size and mode", "5x4 RGB", "train/cat/9.png is 5x4 grey"],
    ),
    "RGBA": (
        lambda files: files | {"train/cat/9.png": saved(mode(PIXELS, "RGBA"))},
        ["train/cat/9.png has mode RGBA", "RGB"],
    ),
    "palette": (
        lambda files: files | {"train/cat/9.png": saved(mode(PIXELS, "P"))},
        ["train/cat/9.png has mode P", "RGB"],
    ),
    "black and white": (
        lambda files: files | {"train/cat/9.png": saved(mode(PIXELS, "1"))},
        ["train/cat/9.png has mode 1", "RGB"],
    ),
    "CMYK": (
        lambda files: files | {"train/cat/9.png": saved(mode(PIXELS, "CMYK"), "JPEG")},
        ["train/cat/9.png has mode CMYK", "RGB"],
    ),
    "16 bits": (
        lambda files: files | {"train/cat/9.png": saved(SIXTEEN)},
        ["train/cat/9.png has mode I;16", "RGB"],
    ),
    "no image": (
        lambda files: files | {"train/cat/9.png": b"<html>not found</html>"},
        ["train/cat/9.png is not a readable image"],
    ),
    "empty file": (
        lambda files: files | {"train/cat/9.png": b""},
        ["train/cat/9.png is not a readable image"],
    ),
    "cut PNG": (
        lambda files: files | {"train/cat/9.png": files["train/cat/9.png"][:60]},
        ["train/cat/9.png is not a readable image", "truncated"],
    ),
    "cut JPEG": (
        lambda files: files | {"train/cat/9.png": saved(Image.fromarray(PIXELS), "JPEG")[:-20]},
        ["train/cat/9.png is not a readable image", "truncated"],
    ),
}


def nothing_is_left(folder):
    return not [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("form", ["folder", "tar.gz"])
@pytest.mark.parametrize("wrong", WRONG)
def test_images_that_are_not_a_data_set(making, put, tmp_path, error_line, wrong, form):
    change, words = WRONG[wrong]
    address, folder = put(change(making.files(making.pictures())), form), tmp_path / "data"
    line = error_line(data.resolve, address, folder)
    assert address in line
    for word in words:
        assert word in line
    assert nothing_is_left(folder)


@pytest.mark.parametrize("cut", range(0, 110, 7))
def test_an_image_cut_anywhere_is_named(making, put, error_line, cut):
    files = making.files(making.pictures())
    assert len(files["train/cat/9.png"]) > 120
    address = put(files | {"train/cat/9.png": files["train/cat/9.png"][:cut]})
    assert "train/cat/9.png is not a readable image" in error_line(decoding.decode, address)


def attempt(address):
    """The decoded images, or the message of the DataError."""
    try:
        return decoding.decode(address)
    except DataError as error:
        return str(error)


def test_damaged_images_are_never_a_surprise(making, put):
    """Any bytes changed: pixels, or a DataError that names the image."""
    whole = {kind: making.encoded(PIXELS, kind) for kind in ("PNG", "JPEG", "BMP", "PPM")}
    address = put(dict.fromkeys(["train/a/it.png", "test/a/it.png"], whole["PNG"]))

    @given(st.data(), st.sampled_from(sorted(whole)))
    def check_one(draw, kind):
        content = bytearray(whole[kind])
        for _ in range(draw.draw(st.integers(1, 3))):
            content[draw.draw(st.integers(0, len(content) - 1))] = draw.draw(st.integers(0, 255))
        Path(f"{address}/train/a/it.png").write_bytes(content)
        found = attempt(address)
        if isinstance(found, str):
            assert f"{address}: " in found
            assert "train/a/it.png" in found
            assert "\n" not in found
        else:
            assert found.train_images.shape == (1, 4, 5, 3)

    check_one()


# --- what is wrong with addresses -------------------------------------------------------


def test_nothing_at_an_address(tmp_path, error_line):
    for address in (str(tmp_path / "nowhere"), "memory://nowhere/at/all"):
        line = error_line(data.resolve, address, tmp_path / "data")
        assert f"there are no images at {address}" in line
        assert error_line(decoding.decode, address).startswith(f"there are no images at {address}")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "there are no images at" in error_line(data.resolve, str(empty), tmp_path / "data")
    assert nothing_is_left(tmp_path)


def test_a_protocol_that_nobody_knows(tmp_path, error_line):
    line = error_line(data.resolve, "gopher://images", tmp_path / "data")
    assert "cannot read the images of gopher://images" in line
    assert "gopher" in error_line(decoding.decode, "gopher://images")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"0123456789" * 200,
        gzip.compress(b"0123456789" * 200),
        bz2.compress(b"0123456789" * 200),
        lzma.compress(b"0123456789" * 200),
        gzip.compress(b"")[:3],
        b"PK\3\4" + bytes(1000),
    ],
    ids=["empty", "text", "gzip", "bzip2", "xz", "gzip's header", "zip"],
)
def test_what_is_no_tar(tmp_path, error_line, content):
    path = tmp_path / "images.tar"
    path.write_bytes(content)
    line = error_line(data.resolve, str(path), tmp_path / "data")
    assert line.startswith(f"{path} is not a whole tar archive")
    assert nothing_is_left(tmp_path / "data")


@pytest.mark.parametrize("kind", ["", "gz", "bz2", "xz"])
def test_an_archive_cut_anywhere_is_an_error(making, tmp_path, kind):
    """Unless all members are there, which the first zeros after them say."""
    pictures = making.pictures(1)
    whole, path = making.archive(making.files(pictures), kind=kind), tmp_path / "images.tar"
    members = 10 * 1024 if kind == "" else None

    @given(st.integers(0, len(whole) - 1))
    def check_cut(length):
        path.write_bytes(whole[:length])
        found = attempt(str(path))
        if members:
            assert isinstance(found, str) == (length <= members)
        if isinstance(found, str):
            assert str(path) in found
            assert "\n" not in found
        else:
            making.check(found, pictures)

    check_cut()


def test_an_archive_cut_between_members_is_an_error(making, tmp_path, error_line):
    whole, path = making.archive(making.files(making.pictures())), tmp_path / "images.tar"
    for member in range(11):
        path.write_bytes(whole[: 1024 * member])
        assert "not a whole tar archive" in error_line(decoding.decode, str(path))


def test_a_damaged_header_is_not_the_end_of_an_archive(making, tmp_path, error_line):
    content = bytearray(making.archive(making.files(making.pictures())))
    for member in range(10):
        damaged = content.copy()
        damaged[1024 * member] ^= 1
        (tmp_path / "images.tar").write_bytes(damaged)
        assert "not a whole tar archive" in error_line(
            decoding.decode, str(tmp_path / "images.tar")
        )


@pytest.mark.parametrize("link", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_in_an_archive_are_not_left_out_silently(making, put, tmp_path, error_line, link):
    links = {"train/cat/link.png": (link, "train/cat/9.png")}
    address = put(making.files(making.pictures()), "tar", links=links)
    line = error_line(data.resolve, address, tmp_path / "data")
    assert "train/cat/link.png is a link" in line
    assert nothing_is_left(tmp_path / "data")


def test_links_in_a_folder_are_what_they_point_to(making, put, tmp_path, error_line):
    pictures = making.pictures()
    address = put(making.files(pictures))
    os.rename(f"{address}/train/cat", tmp_path / "cats")
    os.symlink(tmp_path / "cats", f"{address}/train/cat")
    os.rename(f"{address}/test", tmp_path / "tests")
    os.symlink("../tests", f"{address}/test")
    os.rename(f"{address}/train/Dog/a.png", tmp_path / "a")
    os.symlink(tmp_path / "a", f"{address}/train/Dog/a.png")
    making.check(decoding.decode(address), pictures)
    first = data.resolve(address, tmp_path / "data")
    os.remove(tmp_path / "cats" / "9.png")
    assert data.resolve(address, tmp_path / "data") != first
    os.remove(tmp_path / "a")
    assert "train/Dog/a.png" in error_line(decoding.decode, address)
