"""CIFAR-10 as an archive of JPEG images, where it is at hand."""

import tarfile

import numpy as np
import pytest
import torch
from PIL import Image

from trainables import data
from trainables.data import decoded
from trainables.data.caches import place
from trainables.data.images import decoding

CLASSES = ["airplane", "automobile", "bird", "cat", "deer"]
CLASSES += ["dog", "frog", "horse", "ship", "truck"]


@pytest.mark.slow
def test_cifar10_from_an_archive_of_jpegs(real_data, tmp_path, monkeypatch):
    archive = real_data / "cifar10-jpeg.tar.gz"
    if not archive.exists():
        pytest.skip(f"no {archive.name} in {real_data}; SWEEPS_TEST_DATA names another folder")
    name = data.resolve(str(archive), tmp_path)
    assert data.facts(name) == data.facts("cifar10")
    found = decoded.load(place(tmp_path, name), lambda: pytest.fail("it is decoded"))
    for split, number in (("train", 5_000), ("test", 1_000)):
        pixels, labels = getattr(found, f"{split}_images"), getattr(found, f"{split}_labels")
        assert pixels.shape == (10 * number, 32, 32, 3)
        assert pixels.dtype == torch.uint8
        assert labels.bincount().tolist() == [number] * 10
        assert labels.tolist() == sorted(labels.tolist())

    # The first and last image of each class are the files of these names.
    with tarfile.open(archive) as tar:
        for label, kind in enumerate(CLASSES):
            for index in (0, 4_999):
                with Image.open(tar.extractfile(f"train/{kind}/{index:04}.jpg")) as image:
                    expected = np.array(image)
                assert np.array_equal(found.train_images[5_000 * label + index], expected)

    # CIFAR-10's published moments; lossy compression moves them a little.
    pixels = found.train_images.double().div(255)
    torch.testing.assert_close(
        pixels.mean((0, 1, 2)), torch.tensor([0.4914, 0.4822, 0.4465]).double(), atol=2e-3, rtol=0
    )
    torch.testing.assert_close(
        pixels.std((0, 1, 2)), torch.tensor([0.2470, 0.2435, 0.2616]).double(), atol=5e-3, rtol=0
    )

    monkeypatch.setattr(decoding, "decode", lambda *_: pytest.fail("decoded twice"))
    assert data.resolve(str(archive), tmp_path) == name
