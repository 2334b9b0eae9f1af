"""The folder that a recipe names: prepared, checked and loaded."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from trainables import data
from trainables.data import Facts, cifar10_jpeg, loading, torchvision_sets
from trainables.data.decoded import Decoded
from trainables.data.errors import DataError
from trainables.data.images import listed
from trainables.recipes import RECIPES

RESNET = replace(RECIPES["resnet20-cifar10"], augmentation="crop-flip")


@pytest.fixture(autouse=True)
def nothing_cached():
    yield
    loading._stream.cache_clear()


@pytest.fixture
def recipe(images, tmp_path):
    found = listed.find(str(images), tmp_path)
    return replace(RESNET, data=found.name, data_address=str(images))


def test_a_folder_is_prepared_by_listing_and_loaded(recipe, tmp_path):
    folder = tmp_path / "another machine"
    assert not data.prepared(recipe, folder)
    data.prepare(recipe, folder)
    assert data.prepared(recipe, folder)
    dataset = data.load(recipe, folder)
    assert (len(dataset.train), len(dataset.test)) == (15, 5)
    assert dataset.train.source.size == 32
    assert data.load(recipe, folder).train.labels is dataset.train.labels, "once a process"


def test_a_folder_that_has_changed_since_is_an_error(recipe, images, tmp_path):
    (images / "train/ant/more.JPEG").write_bytes(b"?")
    with pytest.raises(DataError, match="have changed since the sweep was planned"):
        data.load(recipe, tmp_path)
    with pytest.raises(DataError, match=r"where are the images of folder-.*recipe\.data"):
        data.load(replace(recipe, data_address=""), tmp_path)


def test_imagenet_must_be_whole(images, tmp_path, with_facts):
    images.rename(tmp_path / "imagenet")
    recipe = RECIPES["resnet50-imagenet"]
    line = (
        r"imagenet has 1,281,167 training images, 50,000 test images and 1000 classes, but "
        r".*/imagenet has 15, 5 and 3$"
    )
    for call in (data.prepare, data.load):
        with pytest.raises(DataError, match=line):
            call(recipe, tmp_path)
        assert not data.prepared(recipe, tmp_path)
    with_facts("imagenet", Facts(15, 5, (3, 224, 224), 3))
    data.prepare(recipe, tmp_path)
    assert data.prepared(recipe, tmp_path)
    assert data.load(recipe, tmp_path).train.source.size == 224
    inception = RECIPES["inceptionv3-imagenet"]
    assert data.load(inception, tmp_path).test.source.size == 299


def test_imagenet_at_an_address_of_its_own(images, tmp_path, with_facts):
    with_facts("imagenet", Facts(15, 5, (3, 224, 224), 3))
    recipe = replace(RECIPES["resnet50-imagenet"], data_address=str(images))
    assert len(data.load(recipe, tmp_path / "data").train) == 15


def test_cifar10_as_a_folder_is_written_on_first_use(tmp_path, monkeypatch, with_facts):
    pixels = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (30, 32, 32, 3), np.uint8))
    pixels = torch.nn.functional.avg_pool2d(pixels.permute(0, 3, 1, 2).float(), 5, 1, 2)
    pixels = pixels.permute(0, 2, 3, 1).byte()
    labels = torch.arange(30) % 10
    decoded = Decoded(pixels[:20], labels[:20], pixels[20:], labels[20:])
    calls = []
    monkeypatch.setattr(torchvision_sets, "read", lambda *_, **__: calls.append(0) or decoded)
    with_facts("cifar10-jpeg", Facts(20, 10, None, 10))
    recipe = replace(RESNET, data="cifar10-jpeg")
    assert not data.prepared(recipe, tmp_path)
    data.prepare(recipe, tmp_path)
    data.prepare(recipe, tmp_path)
    assert len(calls) == 1
    assert data.prepared(recipe, tmp_path)
    dataset = data.load(recipe, tmp_path)
    assert dataset.train.labels.tolist() == sorted(labels[:20].tolist())
    path = tmp_path / "cifar10-jpeg/train" / cifar10_jpeg.CLASSES[3] / "00013.jpg"
    with Image.open(path) as image:
        off = np.abs(np.asarray(image).astype(int) - pixels[13].numpy())
    assert off.mean() < 12, "noise is hard to compress"
    (tmp_path / "cifar10-jpeg/test/cat/00003.jpg").unlink()
    with pytest.raises(DataError, match="the class 'cat' has no images in test"):
        data.prepare(recipe, tmp_path)
