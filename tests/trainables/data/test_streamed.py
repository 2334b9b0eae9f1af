"""Batches of images that are read as they are needed: the same bits whoever reads them."""

import itertools
import multiprocessing
import multiprocessing.forkserver as forkserver
import time
import uuid

import fsspec
import pytest
import torch
from s3_server import forget_connections

from benchmarks.pictures import fill
from trainables import data
from trainables.data import loading
from trainables.data.errors import DataError
from trainables.data.images import listed
from trainables.data.split import Scaling, Split
from trainables.data.streamed import DEVIATION, MEAN, TOGETHER, Request

SIZE = 32
TRAIN, CLASSES = 20, 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("streamed") / "images"
    fill(root, classes=CLASSES, train=TRAIN, val=3, size=(64, 48))
    return root


@pytest.fixture
def open_(tmp_path):
    def at(address, size=SIZE, scaling="standardize"):
        found = listed.find(str(address), tmp_path / "data")
        return loading.streamed(found, scaling, size, tmp_path / "data")

    return at


@pytest.fixture
def train(folder, open_):
    return open_(folder).train


def made(data, *requests, decoders=0):
    return list(data.batches(requests, decoders))


def one(data, example, order_seed=1, epoch=0):
    [(images, _)] = made(data, Request(torch.tensor([example]), order_seed, epoch))
    return images[0]


# --- what comes out ---------------------------------------------------------------------


def test_a_batch_is_bytes_with_labels(train):
    [(images, labels)] = made(train, Request(torch.tensor([0, 39, 20, 19]), 1))
    assert images.shape == (4, SIZE, SIZE, 3)
    assert images.dtype == torch.uint8
    assert labels.tolist() == [0, 1, 1, 0]
    assert len(train) == 40
    assert train.labels.dtype == torch.int64
    assert train.labels.tolist() == [0] * 20 + [1] * 20


@pytest.mark.parametrize("scaling", ["standardize", "unit"])
def test_inputs_are_scaled_as_a_split_scales_them(folder, open_, scaling):
    data = open_(folder, scaling=scaling).test
    [(images, labels)] = made(data, Request(torch.arange(6)))
    how = Scaling.of(scaling, torch.tensor(MEAN).double(), torch.tensor(DEVIATION).double())
    inputs = data.inputs(images)
    assert torch.equal(inputs, Split(images, labels, how).inputs(images))
    assert inputs.shape == (6, 3, SIZE, SIZE)
    assert inputs.is_contiguous(memory_format=torch.channels_last)
    plain = images.permute(0, 3, 1, 2) / 255
    if scaling == "standardize":
        mean, deviation = (torch.tensor(one).view(3, 1, 1) for one in (MEAN, DEVIATION))
        plain = (plain - mean) / deviation
    torch.testing.assert_close(inputs, plain, rtol=1e-5, atol=1e-5)


def test_an_example_looks_the_same_in_any_batch(train):
    order = torch.randperm(40, generator=torch.Generator().manual_seed(0))
    whole = made(train, Request(order, 3, 2))[0][0]
    for position, example in enumerate(order.tolist()):
        assert torch.equal(whole[position], one(train, example, 3, 2))


def test_epochs_and_order_seeds_differ(train):
    looks = [one(train, 5, seed, epoch) for seed in (1, 2) for epoch in (0, 1, 2)]
    assert len({look.numpy().tobytes() for look in looks}) == 6
    assert torch.equal(one(train, 5, None, 0), one(train, 5, None, 7))


def test_a_choice_keeps_the_looks_of_its_examples(train):
    chosen = train.select(torch.tensor([7, 30, 2]))
    assert chosen.labels.tolist() == [0, 1, 0]
    assert torch.equal(one(chosen, 1), one(train, 30))
    again = chosen.select(torch.tensor([2, 0]))
    assert torch.equal(one(again, 0), one(train, 2))
    assert again.labels.tolist() == [0, 0]


def test_a_sample_is_the_one_that_a_split_draws(train):
    split = Split(torch.zeros(40, 1, 1, 3, dtype=torch.uint8), torch.arange(40)).sample(9)
    assert train.sample(9).examples.tolist() == split.labels.tolist()
    assert train.sample(None) is train


def test_an_empty_batch_and_a_larger_one_than_is_read_together(train):
    large = torch.arange(40)
    assert len(large) > TOGETHER
    [(none, _), (all_, labels)] = made(
        train, Request(torch.tensor([], dtype=torch.long)), Request(large)
    )
    assert none.shape == (0, SIZE, SIZE, 3)
    assert torch.equal(all_[35], one(train, 35, None))
    assert torch.equal(labels, train.labels)


def test_a_folder_in_memory_has_the_same_bits(folder, train, open_):
    fs, root = fsspec.filesystem("memory"), f"/{uuid.uuid4()}"
    fs.put(str(folder), root, recursive=True)
    remote = open_(f"memory:/{root}").train
    request = Request(torch.arange(40), 1, 1)
    assert torch.equal(made(remote, request)[0][0], made(train, request)[0][0])


# --- decoders --------------------------------------------------------------------------


@pytest.fixture
def bucket(s3):
    name = f"images-{uuid.uuid4().hex[:12]}"
    s3.make_bucket(name)
    return f"s3://{name}/imagenet"


@pytest.mark.parametrize("decoders", [0, 2])
def test_a_bucket_has_the_same_bits(folder, train, open_, bucket, decoders):
    """Listed by requests, read by the decoders that decode."""
    fsspec.filesystem("s3").put(str(folder), bucket, recursive=True)
    remote = open_(bucket).train
    forkserver._forkserver._stop()  # one that is at work has not this server in its environment
    wanted = [Request(torch.randperm(40)[:25], 3, 1), Request(torch.arange(5, 12), 3, 2)]
    for (images, labels), (others, same) in zip(
        made(remote, *wanted, decoders=decoders), made(train, *wanted), strict=True
    ):
        assert torch.equal(images, others)
        assert torch.equal(labels, same)


def test_an_image_that_is_gone_from_a_bucket_stops_with_its_name(folder, open_, bucket):
    fs = fsspec.filesystem("s3")
    fs.put(str(folder), bucket, recursive=True)
    remote = open_(bucket).train
    (gone, *_) = fs.ls(f"{bucket}/train/n00000000")
    fs.rm(gone)
    with pytest.raises(DataError, match="cannot be read") as caught:
        made(remote, Request(torch.arange(40), 1))
    assert gone in str(caught.value)


@pytest.mark.parametrize("crops", [True, False])
def test_a_bucket_that_may_not_be_read_is_one_line(open_, tmp_path, s3, monkeypatch, crops):
    """No credentials: botocore has an error of its own."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    forget_connections()
    with pytest.raises(DataError) as caught:
        open_("s3://nothing/here") if crops else data.resolve("s3://nothing/here", tmp_path)
    forget_connections()
    assert "cannot read the images of s3://nothing/here" in str(caught.value)
    assert "credentials" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_bits_are_the_same_for_any_number_of_decoders_and_they_end(train):
    before = torch.get_rng_state()
    requests = [Request(torch.randperm(40), 1, epoch) for epoch in range(3)]
    requests.append(Request(torch.arange(3)))
    torch.set_rng_state(before)
    here = made(train, *requests)
    for decoders in (1, 3):
        there = made(train, *requests, decoders=decoders)
        for (images, labels), (same, also) in zip(here, there, strict=True):
            assert torch.equal(images, same)
            assert torch.equal(labels, also)
    assert torch.equal(torch.get_rng_state(), before), "the caller's stream stays where it was"
    assert_no_children()


def test_endless_requests_and_an_early_end(train):
    taken = []

    def endless():
        for epoch in itertools.count():
            taken.append(epoch)
            yield Request(torch.arange(40), 1, epoch)

    batches = train.batches(endless(), 2)
    first, _ = next(batches)
    assert torch.equal(first[4], one(train, 4))
    assert multiprocessing.active_children()
    batches.close()
    assert len(taken) < 20, "few are taken ahead"
    assert_no_children()


def test_an_image_that_cannot_be_read_stops_with_its_name(folder, open_, tmp_path):
    copy = tmp_path / "copy"
    fill(copy, classes=CLASSES, train=TRAIN, val=1, size=(64, 48))
    data = open_(copy).train
    wrong = copy / "train" / "n00000000" / data.source.examples.path(12).split("/")[1]
    wrong.write_bytes(wrong.read_bytes()[:300])
    for decoders in (0, 2):
        with pytest.raises(DataError, match=r"is not a whole image: ") as caught:
            made(data, Request(torch.arange(40), 1), decoders=decoders)
        assert str(wrong) in str(caught.value)
        assert "\n" not in str(caught.value)
    wrong.unlink()
    with pytest.raises(DataError, match=f"{wrong} cannot be read: .*No such file"):
        made(data, Request(torch.arange(40)))
    assert_no_children()


def assert_no_children():
    until = time.monotonic() + 10
    while multiprocessing.active_children() and time.monotonic() < until:
        time.sleep(0.05)
    assert not multiprocessing.active_children()
