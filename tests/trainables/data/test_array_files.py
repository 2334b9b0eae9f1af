"""Files of arrays: read once, noticed when they change, and one line where they are damaged."""

import io
import os
import pickle
import uuid
import zipfile

import fsspec
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save
from safetensors.torch import save as save_tensors

from trainables import data
from trainables.data import decoded, resolving
from trainables.data.caches import place
from trainables.data.errors import DataError

RNG = np.random.default_rng(0)
ARRAYS = {
    "x_train": RNG.normal(size=(20, 1, 8, 8)).astype("f4"),
    "y_train": np.arange(20) % 10,
    "x_test": RNG.normal(size=(10, 1, 8, 8)).astype("f4"),
    "y_test": np.arange(10),
}


def npz(arrays=ARRAYS, **how):
    content = io.BytesIO()
    np.savez(content, **arrays, **how)
    return content.getvalue()


KINDS = {".npz": npz, ".safetensors": save}


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def told():
    return []


def test_both_kinds_hold_the_same_data(tmp_path, told, short):
    names = set()
    for suffix, made in KINDS.items():
        path = tmp_path / f"mine{suffix}"
        path.write_bytes(made(ARRAYS))
        folder = tmp_path / "data" / suffix
        names.add(name := data.resolve(str(path), folder, told.append))
        assert told.pop() == f"reading {path}"
        assert data.resolve(str(path), folder, told.append) == name
        assert not told, "it is read once"
        recipe = short(data=name, data_address=str(path), input_scaling="unit", batch_size=5)
        assert data.prepared(recipe, folder)
        path.unlink()
        loaded = data.load(recipe, folder)
        assert np.array_equal(loaded.test.images.numpy(), ARRAYS["x_test"])
        assert loaded.train.labels.tolist() == ARRAYS["y_train"].tolist()
    assert len(names) == 1


def test_a_machine_without_what_was_decoded_reads_the_file(tmp_path, kind, short, error_line):
    path = tmp_path / f"mine{kind}"
    path.write_bytes(KINDS[kind](ARRAYS))
    name = data.resolve(str(path), tmp_path / "here")
    recipe = short(data=name, data_address=str(path), input_scaling="unit")
    assert not data.prepared(recipe, tmp_path / "there")
    data.prepare(recipe, tmp_path / "there")
    assert decoded.read(place(tmp_path / "there", name)) is not None
    path.write_bytes(KINDS[kind](ARRAYS | {"y_test": np.arange(10)[::-1].copy()}))
    line = error_line(resolving.decode_as, name, str(path), tmp_path / "elsewhere")
    assert line == f"the arrays of {path} have changed since the sweep was planned"
    assert "Name their address" in error_line(resolving.decode_as, name, "", tmp_path)


def test_a_file_that_changed_is_read_again(tmp_path, kind):
    path = tmp_path / f"mine{kind}"
    path.write_bytes(KINDS[kind](ARRAYS))
    first = data.resolve(str(path), tmp_path / "data")
    time = path.stat().st_mtime
    path.write_bytes(KINDS[kind](ARRAYS | {"y_test": np.arange(10)[::-1].copy()}))
    os.utime(path, (time + 2, time + 2))
    assert data.resolve(str(path), tmp_path / "data") != first


def test_urls_and_capitals(tmp_path, kind):
    fs, address = fsspec.filesystem("memory"), f"memory://{uuid.uuid4()}/MINE{kind.upper()}"
    assert data.is_address(address)
    fs.pipe_file(address, KINDS[kind](ARRAYS))
    local = tmp_path / f"mine{kind}"
    local.write_bytes(KINDS[kind](ARRAYS))
    names = {data.resolve(one, tmp_path / "data") for one in (address, str(local))}
    assert len(names) == 1


def test_types_that_only_torch_has(tmp_path):
    path = tmp_path / "mine.safetensors"
    tensors = {name: torch.from_numpy(value) for name, value in ARRAYS.items()}
    half = {name: tensors[name].bfloat16() for name in ("x_train", "x_test")}
    path.write_bytes(save_tensors(tensors | half))
    name = data.resolve(str(path), tmp_path / "data")
    assert data.facts(name).kind == "floats"


def test_crops_are_for_folders_of_images(tmp_path, kind):
    path = tmp_path / f"mine{kind}"
    path.write_bytes(KINDS[kind](ARRAYS))
    assert data.resolve(str(path), tmp_path, crops=True) == data.resolve(str(path), tmp_path)


# --- what cannot be read ------------------------------------------------------------------


def single():
    content = io.BytesIO()
    np.save(content, ARRAYS["x_train"])
    return content.getvalue()


def member_of_something_else():
    content = io.BytesIO(npz())
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr("notes.txt", "?")
    return content.getvalue()


class Evil:
    def __reduce__(self):
        return pytest.fail, ("a pickle was loaded",)


BAD = {
    "empty": (".npz", b""),
    "a page": (".npz", b"<html>"),
    "an image": (".npz", b"\x89PNG\r\n\x1a\n"),
    "one array": (".npz", single()),
    "a pickle": (".npz", pickle.dumps(Evil())),
    "pickled objects": (".npz", npz(ARRAYS | {"y_test": np.array([Evil()])}, allow_pickle=True)),
    "another member": (".npz", member_of_something_else()),
    "no tensors": (".safetensors", b""),
    "a short header": (".safetensors", b"\xff" * 8),
    "arrays": (".safetensors", npz()),
}


@pytest.mark.parametrize(("suffix", "content"), BAD.values(), ids=BAD)
def test_what_is_no_file_of_arrays_is_one_line(tmp_path, error_line, suffix, content):
    path = tmp_path / f"mine{suffix}"
    path.write_bytes(content)
    assert str(path) in error_line(data.resolve, str(path), tmp_path / "data")


@pytest.mark.parametrize("suffix", KINDS)
def test_a_file_cut_or_changed_anywhere_is_no_surprise(tmp_path, suffix):
    path, whole = tmp_path / f"mine{suffix}", KINDS[suffix](ARRAYS)

    @given(st.integers(0, len(whole) - 1), st.booleans(), st.integers(1, 255))
    def check(at, cut, bits):
        damaged = whole[:at] if cut else whole[:at] + bytes([whole[at] ^ bits]) + whole[at + 1 :]
        path.write_bytes(damaged)
        said = ""
        try:
            data.resolve(str(path), tmp_path / "data", lambda line: None)
        except DataError as error:
            said = str(error)
        assert not said or str(path) in said
        assert "\n" not in said

    check()


def test_nothing_at_an_address(tmp_path, error_line, kind):
    missing = f"{tmp_path}/none{kind}"
    line = error_line(data.resolve, missing, tmp_path)
    assert line == f"there are no arrays at {missing}: no such file"
    assert "gopher" in error_line(data.resolve, f"gopher://x/y{kind}", tmp_path)
    (tmp_path / f"folder{kind}").mkdir()
    assert "cannot read the arrays" in error_line(
        data.resolve, f"{tmp_path}/folder{kind}", tmp_path
    )
