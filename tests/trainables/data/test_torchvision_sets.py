"""MNIST and CIFAR: the real files where they are at hand, small made-up ones, and no network."""

import gzip
import hashlib
import io
import pickle
import sys
import tarfile
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision import datasets

from trainables import data
from trainables.data import ROWS, torchvision_sets
from trainables.data.errors import DataError
from trainables.recipes import RECIPES

pytestmark = pytest.mark.usefixtures("no_network")

KINDS = {"mnist": datasets.MNIST, "cifar10": datasets.CIFAR10, "cifar100": datasets.CIFAR100}

SETS = [name for name, row in ROWS.items() if "torchvision" in row.reader]


def decode(name, folder):
    return torchvision_sets.read(name, folder, **ROWS[name].arguments)


def files_in(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


# --- MNIST itself -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def mnist(real_data):
    if not (real_data / "MNIST/raw/train-images-idx3-ubyte").exists():
        pytest.skip(f"MNIST is not in {real_data}; SWEEPS_TEST_DATA names another folder")
    return decode("mnist", real_data)


def test_mnist_is_mnist(mnist):
    """Its counts of labels are those of LeCun's page; the first digits are 5, 0, 4, 1, 9."""
    assert mnist.train_images.shape == (60_000, 28, 28, 1)
    assert mnist.test_images.shape == (10_000, 28, 28, 1)
    for split in ("train", "test"):
        assert getattr(mnist, f"{split}_images").dtype == torch.uint8
        assert getattr(mnist, f"{split}_labels").dtype == torch.int64
    assert mnist.train_labels.bincount().tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]  # fmt: skip
    assert mnist.test_labels.bincount().tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip
    assert mnist.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert mnist.test_labels[:5].tolist() == [7, 2, 1, 0, 4]


def test_mnist_has_the_published_mean_and_deviation(mnist):
    pixels = mnist.train_images.double() / 255
    assert round(pixels.mean().item(), 4) == 0.1307
    assert round(pixels.std(correction=0).item(), 4) == 0.3081


def test_mnist_as_the_network_takes_it(mnist):
    """Standardised, the training images have mean 0 and deviation 1; the test images nearly."""
    dataset = mnist.dataset("standardize")
    inputs = dataset.train.inputs(dataset.train.images).double()
    assert inputs.shape == (60_000, 1, 28, 28)
    assert inputs.mean().item() == pytest.approx(0, abs=1e-5)
    assert inputs.std(correction=0).item() == pytest.approx(1, abs=1e-5)
    held_out = dataset.test.inputs(dataset.test.images)
    expected = (mnist.test_images.permute(0, 3, 1, 2).float() / 255 - 0.13066) / 0.30811
    torch.testing.assert_close(held_out, expected, atol=1e-4, rtol=0)


# --- MNIST made up ----------------------------------------------------------------------


def idx(array, shape=None):
    """LeCun's format: 0, 0, 8 (bytes), the number of dimensions, the sizes, the values."""
    sizes = array.shape if shape is None else shape
    header = bytes([0, 0, 8, len(sizes)]) + b"".join(size.to_bytes(4, "big") for size in sizes)
    return header + array.tobytes()


PIXELS = np.random.default_rng(0).integers(0, 256, (30, 28, 28), dtype=np.uint8)
LABELS = np.arange(30, dtype=np.uint8) % 10
RAW = {
    "train-images-idx3-ubyte": idx(PIXELS[:20]),
    "train-labels-idx1-ubyte": idx(LABELS[:20]),
    "t10k-images-idx3-ubyte": idx(PIXELS[20:]),
    "t10k-labels-idx1-ubyte": idx(LABELS[20:]),
}


@pytest.fixture
def small(monkeypatch, with_facts):
    """Data sets may be of 20 and 10 examples."""
    for name in KINDS:
        most = 1 if name == "mnist" else 2
        with_facts(name, replace(ROWS[name].facts, train=20, test=10, most_frequent=most))
    sums = {name: hashlib.md5(content).hexdigest() for name, content in RAW.items()}
    monkeypatch.setitem(ROWS["mnist"].arguments, "sums", sums)


def put_mnist(folder, files=RAW):
    for name, content in files.items():
        (folder / "MNIST/raw").mkdir(parents=True, exist_ok=True)
        (folder / "MNIST/raw" / name).write_bytes(content)
    return folder


@pytest.mark.usefixtures("small")
def test_mnist_is_read_as_it_lies_there(tmp_path):
    found = decode("mnist", put_mnist(tmp_path))
    assert np.array_equal(found.train_images.numpy(), PIXELS[:20, :, :, None])
    assert np.array_equal(found.test_images.numpy(), PIXELS[20:, :, :, None])
    assert found.train_labels.tolist() == LABELS[:20].tolist()
    assert found.test_labels.tolist() == LABELS[20:].tolist()
    assert len(files_in(tmp_path)) == 4


@pytest.mark.usefixtures("small")
def test_archives_that_were_fetched_are_extracted(tmp_path, monkeypatch):
    archives = {f"{name}.gz": gzip.compress(content) for name, content in RAW.items()}
    sums = [(name, hashlib.md5(content).hexdigest()) for name, content in archives.items()]
    monkeypatch.setattr(datasets.MNIST, "resources", sums)
    found = decode("mnist", put_mnist(tmp_path, archives))
    assert np.array_equal(found.train_images.numpy(), PIXELS[:20, :, :, None])


def test_a_set_of_another_size_is_damaged(tmp_path, error_line):
    line = error_line(decode, "mnist", put_mnist(tmp_path))
    assert f"mnist in {tmp_path} is damaged" in line
    assert "20 images" in line
    assert "60000 belong" in line


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", RAW)
def test_a_file_cut_anywhere_is_an_error(tmp_path, name):
    """LeCun's header promises more; nothing is fetched in its place."""

    @given(st.integers(0, len(RAW[name]) - 1))
    def check(length):
        folder = put_mnist(tmp_path, RAW | {name: RAW[name][:length]})
        with pytest.raises(DataError) as caught:
            decode("mnist", folder)
        assert str(folder) in str(caught.value)
        assert "\n" not in str(caught.value)

    check()
    assert len(files_in(tmp_path)) == 4


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", RAW)
def test_a_pixel_or_label_that_changed_is_damage(tmp_path, error_line, name):
    changed = bytearray(RAW[name])
    changed[-1] ^= 1
    line = error_line(decode, "mnist", put_mnist(tmp_path, RAW | {name: bytes(changed)}))
    assert f"mnist in {tmp_path} is damaged" in line
    assert name in line


@pytest.mark.parametrize(
    "content",
    [b"<html>", gzip.compress(b"x" * 99), idx(LABELS)[:2] + b"\x0a" + idx(LABELS)[3:], b"\0" * 99],
    ids=["a page", "still compressed", "of no type", "zeros"],
)
def test_a_file_of_something_else_is_an_error(tmp_path, error_line, content):
    put_mnist(tmp_path, RAW | {"train-labels-idx1-ubyte": content})
    assert str(tmp_path) in error_line(decode, "mnist", tmp_path)


@pytest.mark.parametrize("missing", RAW)
def test_a_missing_file_without_a_network(tmp_path, error_line, missing):
    put_mnist(tmp_path, {name: content for name, content in RAW.items() if name != missing})
    line = error_line(decode, "mnist", tmp_path)
    assert f"mnist is not whole in {tmp_path}" in line
    assert "no network" in line
    assert "--data" in line
    assert len(files_in(tmp_path)) == 3


@pytest.mark.parametrize("name", SETS)
def test_an_empty_folder_without_a_network(tmp_path, error_line, name):
    folder = tmp_path / "data"
    recipe = replace(RECIPES["lenet-mnist"], data=name)
    assert not data.prepared(recipe, folder)
    for call in (lambda: decode(name, folder), lambda: data.prepare(recipe, folder)):
        line = error_line(call)
        assert f"{name} is not whole in {folder} and cannot be fetched" in line
        assert "no network" in line
    assert [path.suffix for path in files_in(tmp_path)] == [".lock"]
    assert not data.prepared(recipe, folder)


def test_a_data_folder_that_is_a_file(tmp_path, error_line):
    (tmp_path / "data").write_text("")
    assert "cannot be fetched" in error_line(decode, "mnist", tmp_path / "data")


# --- CIFAR made up ----------------------------------------------------------------------

PLANES = np.random.default_rng(1).integers(0, 256, (30, 3, 32, 32), dtype=np.uint8)
"""As the files have them: all red values of an image, then green, then blue."""


def cifar_files(kind, labels_key):
    """Pickles by name, as the authors' archives have them."""
    train, test = [name for name, _ in kind.train_list], [name for name, _ in kind.test_list]
    batches = zip(
        train + test,
        np.split(np.arange(30), [20 * (part + 1) // len(train) for part in range(len(train))]),
        strict=True,
    )
    files = {
        name: {"data": PLANES[rows].reshape(-1, 3072), labels_key: (rows % 7).tolist()}
        for name, rows in batches
    }
    files[kind.meta["filename"]] = {kind.meta["key"]: [str(label) for label in range(10)]}
    return {name: pickle.dumps(content) for name, content in files.items()}


@pytest.fixture(params=["cifar10", "cifar100"])
def cifar(request, monkeypatch):
    """Name, folder in the archive, and pickles; torchvision takes them for the real ones."""
    kind = KINDS[request.param]
    files = cifar_files(kind, "labels" if request.param == "cifar10" else "fine_labels")
    sums = {name: hashlib.md5(content).hexdigest() for name, content in files.items()}
    for held in ("train_list", "test_list"):
        monkeypatch.setattr(kind, held, [[name, sums[name]] for name, _ in getattr(kind, held)])
    monkeypatch.setattr(kind, "meta", kind.meta | {"md5": sums[kind.meta["filename"]]})
    return request.param, kind.base_folder, files


def put_cifar(folder, base, files):
    (folder / base).mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / base / name).write_bytes(content)


def check_cifar(found):
    pixels = PLANES.transpose(0, 2, 3, 1)
    assert np.array_equal(found.train_images.numpy(), pixels[:20])
    assert np.array_equal(found.test_images.numpy(), pixels[20:])
    assert found.train_images.is_contiguous()
    assert found.train_labels.tolist() == [row % 7 for row in range(20)]
    assert found.test_labels.tolist() == [row % 7 for row in range(20, 30)]
    assert found.train_labels.dtype == torch.int64


@pytest.mark.usefixtures("small")
def test_cifar_is_read_as_it_lies_there(cifar, tmp_path):
    name, base, files = cifar
    put_cifar(tmp_path, base, files)
    check_cifar(decode(name, tmp_path))


@pytest.mark.usefixtures("small")
def test_an_archive_of_cifar_is_extracted(cifar, tmp_path, monkeypatch):
    name, base, files = cifar
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for path, held in files.items():
            member = tarfile.TarInfo(f"{base}/{path}")
            member.size = len(held)
            tar.addfile(member, io.BytesIO(held))
    kind = KINDS[name]
    monkeypatch.setattr(kind, "tgz_md5", hashlib.md5(content.getvalue()).hexdigest())
    (tmp_path / kind.filename).write_bytes(content.getvalue())
    check_cifar(decode(name, tmp_path))


@pytest.mark.usefixtures("small")
def test_a_damaged_file_of_cifar_without_a_network(cifar, tmp_path, error_line):
    name, base, files = cifar
    for damaged in files:
        put_cifar(tmp_path, base, files | {damaged: files[damaged][:-1] + b"?"})
        line = error_line(decode, name, tmp_path)
        assert f"{name} is not whole in {tmp_path} and cannot be fetched" in line


# --- sets like MNIST, and house numbers, made up ------------------------------------------


def test_what_the_authors_publish():
    """Counts of the papers' tables and of the authors' pages; all else is balanced."""
    classes = {name: ROWS[name].facts.classes for name in SETS if "emnist" in name}
    assert classes == {"emnist-balanced": 47, "emnist-letters": 26, "emnist-digits": 10}
    characters = {name: sum(sizes(name)) for name in classes}
    assert characters == {
        "emnist-balanced": 131_600,
        "emnist-letters": 145_600,
        "emnist-digits": 280_000,
    }
    assert sizes("svhn") == (73_257, 26_032)
    ones = [5099, 4149, 2882, 2523, 2384, 1977, 2019, 1660, 1595, 1744]  # of 1 to 9, and 0
    assert sum(ones) == 26_032
    assert data.facts("svhn").majority == max(ones) / sum(ones)
    assert sizes("fashion-mnist") == sizes("kmnist") == (60_000, 10_000)
    for name in SETS:
        facts = data.facts(name)
        assert facts.most_frequent or facts.test % facts.classes == 0, name


def sizes(name):
    return data.facts(name).train, data.facts(name).test


def put_like_mnist(folder, name, first=0):
    """Files of a set in MNIST's format; of EMNIST with columns for rows."""
    kind = ROWS[name].arguments["kind"]
    raw = folder / kind / "raw"
    raw.mkdir(parents=True)
    for split, rows in (("train", slice(20)), ("t10k", slice(20, 30))):
        pixels, labels = PIXELS[rows], LABELS[rows] + np.uint8(first)
        if kind == "EMNIST":
            split = f"{name}-{'train' if split == 'train' else 'test'}"
            pixels = np.ascontiguousarray(pixels.transpose(0, 2, 1))
        (raw / f"{split}-images-idx3-ubyte").write_bytes(idx(pixels))
        (raw / f"{split}-labels-idx1-ubyte").write_bytes(idx(labels))
    return folder


@pytest.mark.parametrize(
    ("name", "first"),
    [("fashion-mnist", 0), ("kmnist", 0), ("emnist-balanced", 0), ("emnist-digits", 0),
     ("emnist-letters", 1)],
)  # fmt: skip
def test_sets_in_the_format_of_mnist(tmp_path, with_facts, error_line, name, first):
    """EMNIST's images lie on their sides in its files, and its letters begin with 1."""
    with_facts(name, replace(ROWS[name].facts, train=20, test=10, most_frequent=1))
    found = decode(name, put_like_mnist(tmp_path, name, first))
    assert np.array_equal(found.train_images.numpy(), PIXELS[:20, :, :, None])
    assert np.array_equal(found.test_images.numpy(), PIXELS[20:, :, :, None])
    assert found.train_images.is_contiguous()
    assert found.train_labels.tolist() == LABELS[:20].tolist()
    assert found.test_labels.tolist() == LABELS[20:].tolist()
    with_facts(name, replace(ROWS[name].facts, classes=9))
    assert "its labels are not those of the 9 classes" in error_line(decode, name, tmp_path)
    with_facts(name, replace(ROWS[name].facts, classes=10, most_frequent=2))
    assert f"{name} in {tmp_path} is damaged" in error_line(decode, name, tmp_path)


@pytest.fixture
def svhn(tmp_path, with_facts, monkeypatch):
    """Matlab's files: pixels [H, W, C, N], and the digit 0 has the label 10."""
    scipy = pytest.importorskip("scipy.io")
    with_facts("svhn", replace(ROWS["svhn"].facts, train=20, test=10, most_frequent=2))
    labels = np.where(np.arange(30) % 7 == 0, 10, np.arange(30) % 7)[:, None].astype(np.uint8)
    listed = {}
    for split, rows in (("train", slice(20)), ("test", slice(20, 30))):
        path = tmp_path / f"{split}_32x32.mat"
        scipy.savemat(path, {"X": PLANES[rows].transpose(2, 3, 1, 0), "y": labels[rows]})
        listed[split] = ["nowhere", path.name, hashlib.md5(path.read_bytes()).hexdigest()]
    monkeypatch.setattr(datasets.SVHN, "split_list", listed)
    return tmp_path


def test_house_numbers(svhn):
    check_cifar(decode("svhn", svhn))


def test_house_numbers_without_scipy(svhn, monkeypatch, error_line):
    monkeypatch.setitem(sys.modules, "scipy.io", None)
    assert "svhn cannot be read" in error_line(decode, "svhn", svhn)


# --- decoded once -----------------------------------------------------------------------


@pytest.mark.usefixtures("small")
def test_a_set_is_decoded_once(tmp_path):
    recipe = replace(RECIPES["lenet-mnist"], input_scaling="standardize")
    folder = put_mnist(tmp_path)
    data.prepare(recipe, folder)
    assert data.prepared(recipe, folder)
    for path in (folder / "MNIST/raw").iterdir():
        path.unlink()
    dataset = data.load(recipe, folder)
    assert np.array_equal(dataset.train.images.numpy(), PIXELS[:20, :, :, None])
    assert dataset.test.labels.tolist() == LABELS[20:].tolist()
    inputs = dataset.train.inputs(dataset.train.images).double()
    assert inputs.mean().item() == pytest.approx(0, abs=1e-6)
