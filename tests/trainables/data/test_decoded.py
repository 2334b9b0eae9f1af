import multiprocessing
import os
import threading
import time

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from trainables.data import decoded
from trainables.data.caches import place
from trainables.data.decoded import Decoded, load, write
from trainables.data.errors import DataError


def some(seed=0, channels=3):
    stream = torch.Generator().manual_seed(seed)

    def images(number):
        shape = (number, 6, 5, channels)
        return torch.randint(0, 256, shape, generator=stream, dtype=torch.uint8)

    return Decoded(images(7), torch.arange(7) % 3, images(4), torch.arange(4) % 3)


def same(one, other):
    held, expected = vars(one), vars(other)
    return all(
        torch.equal(held[name], expected[name]) and held[name].dtype == expected[name].dtype
        for name in expected
    )


def never():
    pytest.fail("it is decoded already")


# --- the file ---------------------------------------------------------------------------


def test_what_was_written_is_read(tmp_path):
    path = tmp_path / "deep" / "er" / "x.safetensors"
    assert same(load(path, some), some())
    assert same(load(path, never), some())
    write(path, some(1))
    assert same(load(path, never), some(1))


def test_a_crash_while_writing_leaves_nothing(tmp_path, monkeypatch):
    path = tmp_path / "x.safetensors"

    def crash(tensors, partial):
        partial.write_bytes(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(safetensors.torch, "save_file", crash)
        with pytest.raises(KeyboardInterrupt):
            load(path, some)
        write_first = [item.name for item in tmp_path.iterdir() if item.suffix != ".lock"]
        assert write_first == []
    assert same(load(path, some), some())

    monkeypatch.setattr(safetensors.torch, "save_file", crash)
    with pytest.raises(KeyboardInterrupt):
        write(path, some(1))
    assert same(load(path, never), some()), "the one before is whole still"


def test_it_is_whole_whenever_it_is_there(tmp_path, monkeypatch):
    path, save = tmp_path / "x.safetensors", safetensors.torch.save_file

    def watched(tensors, partial):
        assert not path.exists()
        save(tensors, partial)
        assert not path.exists()
        assert partial.parent == path.parent, "a rename within one file system"

    monkeypatch.setattr(safetensors.torch, "save_file", watched)
    write(path, some())
    assert same(load(path, never), some())


def test_an_error_while_decoding_leaves_nothing(tmp_path):
    path = tmp_path / "x.safetensors"

    def fail():
        raise DataError("no such thing")

    with pytest.raises(DataError, match="no such thing"):
        load(path, fail)
    assert [item.suffix for item in tmp_path.iterdir()] == [".lock"]
    assert same(load(path, some), some())


def damages():
    content = safetensors.torch.save(vars(some()))
    others = vars(some()) | {"more": torch.zeros(1)}
    fewer = {name: value for name, value in vars(some()).items() if name != "test_labels"}
    cuts = {f"cut at {n}": content[:n] for n in (0, 4, 8, 100, 500, len(content) - 1)}
    return cuts | {
        "text": b"not safetensors at all",
        "longer": content + b"\0",
        "other tensors": safetensors.torch.save(others),
        "fewer tensors": safetensors.torch.save(fewer),
    }


@pytest.mark.parametrize("damage", damages())
def test_a_damaged_file_is_decoded_again(tmp_path, damage):
    path = tmp_path / "x.safetensors"
    path.write_bytes(damages()[damage])
    assert same(load(path, some), some())
    assert same(load(path, never), some())


# --- several at once --------------------------------------------------------------------


def test_threads_decode_once(tmp_path):
    path, begun, found = tmp_path / "x.safetensors", [], []

    def slowly():
        begun.append(threading.get_ident())
        time.sleep(0.2)
        return some()

    threads = [threading.Thread(target=lambda: found.append(load(path, slowly))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(begun) == 1
    assert len(found) == 4
    assert all(same(one, some()) for one in found)


def _decode_in_a_process(folder, start):
    def slowly():
        (folder / f"decoded-by-{os.getpid()}").touch()
        time.sleep(0.3)
        return some()

    start.wait()
    if not same(load(folder / "x.safetensors", slowly), some()):
        os._exit(1)


def test_processes_decode_once(tmp_path):
    context = multiprocessing.get_context("fork")  # spawned, each would import torch
    start = context.Barrier(3)
    processes = [
        context.Process(target=_decode_in_a_process, args=(tmp_path, start)) for _ in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert len(list(tmp_path.glob("decoded-by-*"))) == 1


# --- where it lies ----------------------------------------------------------------------


@pytest.fixture
def read_only(monkeypatch):
    """os.access says so of these; root could write anywhere."""
    folders, access = set(), os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: str(path) not in folders and access(path, mode)
    )
    return folders


def test_it_lies_beside_the_data(tmp_path):
    expected = tmp_path / "data" / "decoded" / "mnist.safetensors"
    assert place(tmp_path / "data", "mnist") == expected, "where the folder is still to be made"
    (tmp_path / "data").mkdir()
    assert place(tmp_path / "data", "mnist") == expected


def test_it_lies_in_the_users_cache_where_the_data_cannot_be_written(tmp_path, read_only):
    cached = tmp_path / "user-cache/stability-sweeps/decoded/mnist.safetensors"
    data = tmp_path / "data"
    data.mkdir()
    read_only.add(str(data))
    assert place(data, "mnist") == cached
    assert place(data / "deeper", "mnist") == cached
    load(place(data, "mnist"), some)
    assert same(load(place(data, "mnist"), never), some())
    assert not list(data.iterdir())


def test_the_folder_of_decoded_images_may_have_other_permissions(tmp_path, read_only):
    beside = tmp_path / "decoded" / "mnist.safetensors"
    beside.parent.mkdir()
    read_only.add(str(tmp_path))
    assert place(tmp_path, "mnist") == beside
    read_only.clear()
    read_only.add(str(beside.parent))
    assert place(tmp_path, "mnist") != beside


def test_what_lies_beside_the_data_is_used_whoever_may_write(tmp_path, read_only):
    beside = place(tmp_path, "mnist")
    write(beside, some())
    read_only |= {str(tmp_path), str(beside.parent)}
    assert place(tmp_path, "mnist") == beside
    assert same(load(beside, never), some())


def test_without_xdg_the_cache_is_the_homes(tmp_path, read_only, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "data").mkdir()
    read_only.add(str(tmp_path / "data"))
    found = place(tmp_path / "data", "mnist")
    assert found.is_relative_to(tmp_path / "home/.cache/stability-sweeps")


# --- moments ----------------------------------------------------------------------------

pixels = st.integers(1, 4).flatmap(
    lambda channels: arrays.arrays(
        np.uint8,
        st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(1, 4), st.just(channels)),
    )
)


@given(pixels)
def test_moments_are_those_of_each_channel(images):
    mean, deviation = decoded._moments(torch.from_numpy(images))
    values = images.astype(np.float64) / 255
    assert mean.dtype == deviation.dtype == torch.float64
    np.testing.assert_allclose(mean, values.mean((0, 1, 2)), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(deviation, values.std((0, 1, 2)), rtol=1e-9, atol=1e-14)


def test_moments_are_exact_whatever_the_number_of_pixels():
    """Half 0 and half 255 of eight million: mean 1/2, deviation 1/2."""
    images = torch.zeros(2**11, 64, 64, 1, dtype=torch.uint8)
    images[::2] = 255
    mean, deviation = decoded._moments(images)
    assert mean.tolist() == [0.5]
    assert deviation.tolist() == [0.5]


@pytest.mark.parametrize("value", range(0, 256, 15))
def test_a_channel_without_contrast_does_not_blow_up(value):
    """Whatever is left of its deviation by rounding."""
    held = some()
    held.train_images[..., 1] = value
    split = held.dataset("standardize").train
    inputs = split.inputs(split.images)
    assert inputs[:, 1].abs().max() < 1e-6
    assert inputs[:, 0].std().item() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("kind", ["standardize", "unit"])
def test_both_splits_are_scaled_by_the_training_images(kind):
    held = some()
    dataset = held.dataset(kind)
    values = held.train_images.numpy().astype(np.float64) / 255
    mean, deviation = values.mean((0, 1, 2)), values.std((0, 1, 2))
    if kind == "unit":
        mean, deviation = 0.0, 1.0
    for name in ("train", "test"):
        split, images = getattr(dataset, name), getattr(held, f"{name}_images")
        assert split.images is images
        assert split.labels is getattr(held, f"{name}_labels")
        expected = (images.numpy() / 255 - mean) / deviation
        inputs = split.inputs(split.images).permute(0, 2, 3, 1)
        np.testing.assert_allclose(inputs, expected, rtol=1e-5, atol=1e-6)
