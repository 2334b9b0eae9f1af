"""Smaller copies of a folder, and reading all of one."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from benchmarks.pictures import picture
from trainables.data.errors import DataError
from trainables.data.images import checking, listing
from trainables.data.images.resizing import Resizing

SHORT = 30


@pytest.fixture
def copy(images, tmp_path):
    return Resizing(str(images), str(tmp_path / "copy"), SHORT, 95)


def run(copy, processes=0):
    """Path -> state."""
    files = copy.files()
    return dict(zip(files, copy.run(files, processes), strict=True))


def encoded(mode, kind, size=(60, 45)):
    out = io.BytesIO()
    Image.fromarray(picture(1, *size)).convert(mode).save(out, kind)
    return out.getvalue()


def test_a_copy_has_the_same_names_and_smaller_images(images, copy, tmp_path):
    assert set(run(copy).values()) == {"made"}
    ours, theirs = listing.read(copy.target), listing.read(copy.source)
    assert ours.counts == theirs.counts
    assert [n for n, _ in ours.train["cat"]] == [n for n, _ in theirs.train["cat"]]
    for path in copy.files():
        with Image.open(images / path) as before, Image.open(tmp_path / "copy" / path) as after:
            assert min(after.size) == SHORT
            ratio = before.width / before.height
            assert after.width / after.height == pytest.approx(ratio, abs=1 / SHORT)
            near = before.convert("RGB").resize(after.size, Image.Resampling.LANCZOS)
            off = np.abs(np.asarray(near).astype(int) - np.asarray(after.convert("RGB")))
            assert np.abs(off).mean() < 6, "JPEG's loss"


def test_small_images_keep_their_pixels(images, copy, tmp_path):
    large = replace(copy, short_side=1000)
    run(large)
    for path in large.files():
        with Image.open(images / path) as before, Image.open(tmp_path / "copy" / path) as after:
            assert np.array_equal(before, after)


@pytest.mark.parametrize(("mode", "kind"), [("CMYK", "JPEG"), ("L", "JPEG"), ("RGBA", "PNG")])
@pytest.mark.parametrize("short", [SHORT, 1000])
def test_odd_formats_become_jpegs_or_stay_readable(images, copy, tmp_path, mode, kind, short):
    (images / "train/ant/odd.JPEG").write_bytes(encoded(mode, kind))
    run(replace(copy, short_side=short))
    with Image.open(tmp_path / "copy/train/ant/odd.JPEG") as after:
        assert after.format == "JPEG"
        assert min(after.size) == min(short, 45)


def test_only_what_is_not_there_whole_is_made(images, copy, tmp_path):
    run(copy)
    assert set(run(copy).values()) == {"there"}
    target = tmp_path / "copy"
    flipped = bytearray((target / "train/ant/1.JPEG").read_bytes())
    flipped[-20] ^= 1
    (target / "train/ant/1.JPEG").write_bytes(flipped)
    cut = target / "train/cat/2.JPEG"
    cut.write_bytes(cut.read_bytes()[:200])
    (target / "val/Dog/0.JPEG").unlink()
    again = {path for path, state in run(copy).items() if state == "made"}
    assert again == {"train/ant/1.JPEG", "train/cat/2.JPEG", "val/Dog/0.JPEG"}
    assert set(run(replace(copy, quality=90)).values()) == {"made"}, "other settings"


def test_an_interrupted_copy_is_no_data_and_goes_on(copy):
    files = copy.files()
    states = copy.run(files, 0)
    next(states)
    states.close()
    with pytest.raises(DataError, match="is not whole: `sweeps images resize`"):
        listing.read(copy.target)
    run(copy)
    assert listing.read(copy.target).counts == (15, 5, 3)


def test_a_folder_in_a_folder_is_copied_as_it_lies_there(images, copy, tmp_path):
    images.rename(tmp_path / "top")
    (images / "deep").parent.mkdir()
    (tmp_path / "top").rename(images / "deep")
    states = copy.run(copy.files(), 0)
    next(states)
    states.close()
    for address in (copy.target, f"{copy.target}/deep"):
        with pytest.raises(DataError, match="is not whole: `sweeps images resize`"):
            listing.read(address)
    run(copy)
    for address in (copy.target, f"{copy.target}/deep"):
        assert listing.read(address).counts == (15, 5, 3)


def test_a_copy_into_memory_by_two_processes_of_the_same_bits(copy, images, tmp_path):
    assert set(run(copy, processes=2).values()) == {"made"}
    there = {p: (tmp_path / "copy" / p).read_bytes() for p in copy.files()}
    other = replace(copy, target="memory://resized")
    run(other)
    import fsspec

    fs = fsspec.filesystem("memory")
    assert {p: fs.cat_file(f"/resized/{p}") for p in there} == there
    assert set(run(other).values()) == {"there"}


def test_images_that_cannot_be_read_are_named_and_the_copy_is_not_whole(images, copy):
    wrong = images / "train/cat/3.JPEG"
    whole = wrong.read_bytes()
    wrong.write_bytes(whole[:400])
    states = run(copy)
    assert states.pop("train/cat/3.JPEG").startswith(f"{wrong} is not a whole image")
    assert set(states.values()) == {"made"}
    with pytest.raises(DataError, match="is not whole"):
        listing.read(copy.target)
    wrong.write_bytes(whole)
    assert list(run(copy).values()).count("made") == 1
    assert listing.read(copy.target).counts == (15, 5, 3)


def test_other_images_in_the_copy_are_an_error(copy, tmp_path):
    run(copy)
    extra = tmp_path / "copy/train/ant/extra.JPEG"
    extra.write_bytes(b"?")
    with pytest.raises(DataError, match=r"has 1 images that .* has not, train/ant/extra\.JPEG say"):
        run(copy)


# --- checking ---------------------------------------------------------------------------


def test_checking_names_what_cannot_be_read(images):
    (images / "train/ant/0.JPEG").write_bytes(b"")
    (images / "val/cat/1.JPEG").write_bytes(b"\xff\xd8\xff nonsense")
    files, found = checking.check(str(images), 0)
    wrong = [problem for problem in found if problem]
    assert len(files) == 20
    assert len(wrong) == 2
    assert str(images / "train/ant/0.JPEG") in wrong[0]
    assert str(images / "val/cat/1.JPEG") in wrong[1]
