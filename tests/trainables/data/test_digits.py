import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from trainables import data
from trainables.data import DATA, iterations_per_epoch
from trainables.training.order import DataOrder


def pixels(inputs):
    """Standardising is increasing and affine, so the extremes are the pixels 0 and 16."""
    values = inputs.double()
    low, high = values.min(), values.max()
    return (values - low) / (high - low) * 16


def rows(images, labels):
    return sorted(
        (*map(round, image), int(label)) for image, label in zip(images, labels, strict=True)
    )


@pytest.mark.parametrize("name", DATA)
def test_facts_are_the_data_sets(name):
    dataset = data.load(name)
    assert (len(dataset.train), len(dataset.test)) == (DATA[name].train, DATA[name].test)
    for split in (dataset.train, dataset.test):
        assert len(split.inputs) == len(split.labels)
        assert split.inputs.dtype == torch.float32
        assert split.labels.dtype == torch.int64


def test_a_data_set_is_loaded_once():
    assert data.load("digits") is data.load("digits")


def test_each_digit_of_scikit_learn_is_in_one_split():
    dataset = data.load("digits")
    images = torch.cat([pixels(dataset.train.inputs), pixels(dataset.test.inputs)])
    assert (images - images.round()).abs().max() < 1e-4
    labels = torch.cat([dataset.train.labels, dataset.test.labels])
    expected, digits = load_digits(return_X_y=True)
    assert rows(images.tolist(), labels.tolist()) == rows(expected.tolist(), digits.tolist())


def test_inputs_are_standardised_by_the_training_set():
    dataset = data.load("digits")
    train, test = (pixels(split.inputs) for split in (dataset.train, dataset.test))
    mean, deviation = train.mean(), train.std(correction=0)
    for images, split in ((train, dataset.train), (test, dataset.test)):
        expected = (images - mean) / deviation
        torch.testing.assert_close(split.inputs.double(), expected, atol=1e-5, rtol=0)
    assert dataset.train.inputs.mean().item() == pytest.approx(0, abs=1e-5)
    assert dataset.train.inputs.std(correction=0).item() == pytest.approx(1, abs=1e-5)


def test_splits_are_stratified():
    dataset = data.load("digits")
    counts = [torch.bincount(split.labels, minlength=10) for split in (dataset.train, dataset.test)]
    expected = (counts[0] + counts[1]) * 1000 / 1797
    assert (counts[0] - expected).abs().max() <= 1


@pytest.mark.parametrize(
    ("batch_size", "last_batch", "iterations"),
    [(16, "keep", 63), (16, "drop", 62), (100, "keep", 10), (100, "drop", 10), (1000, "drop", 1)],
)
def test_iterations_per_epoch(batch_size, last_batch, iterations):
    assert iterations_per_epoch("digits", batch_size, last_batch) == iterations
    order = DataOrder(1000, batch_size, 1, keep_last=last_batch == "keep")
    assert order.iterations_per_epoch == iterations


def test_the_split_is_the_one_scikit_learn_draws():
    expected, labels = load_digits(return_X_y=True)
    train, test, train_labels, test_labels = train_test_split(
        expected, labels, train_size=1000, test_size=797, stratify=labels, random_state=0
    )
    dataset = data.load("digits")
    for split, images, digits in (
        (dataset.train, train, train_labels),
        (dataset.test, test, test_labels),
    ):
        both = torch.cat([dataset.train.inputs, dataset.test.inputs])
        low, high = both.min(), both.max()
        ours = (split.inputs - low) / (high - low) * 16
        assert rows(ours.tolist(), split.labels.tolist()) == rows(images.tolist(), digits.tolist())
