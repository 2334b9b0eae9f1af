from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from trainables import data
from trainables.data import iterations_per_epoch
from trainables.recipes import RECIPES
from trainables.training.order import DataOrder


def pixels(inputs):
    """Standardising is increasing and affine, so the extremes are the pixels 0 and 16."""
    values = inputs.double()
    low, high = values.min(), values.max()
    return (values - low) / (high - low) * 16


def rows(images, labels):
    return sorted(
        (*map(round, np.ravel(image)), int(label))
        for image, label in zip(images, labels, strict=True)
    )


@pytest.fixture
def dataset():
    return data.load(RECIPES["digits-mlp"], Path("unused"))


def test_facts_are_the_data_sets(dataset):
    facts = data.facts("digits")
    assert (len(dataset.train), len(dataset.test)) == (facts.train, facts.test)
    for split in (dataset.train, dataset.test):
        assert split.images.shape == (len(split.labels), *facts.shape)
        assert split.inputs(split.images) is split.images
        assert split.images.dtype == torch.float32
        assert split.labels.dtype == torch.int64
        assert set(split.labels.tolist()) == set(range(facts.classes))


def test_a_data_set_is_loaded_once(dataset):
    assert data.load(RECIPES["digits-mlp"], Path("unused")) is dataset


def test_unit_scaling_is_pixels_in_0_to_1():
    unit = data.load(replace(RECIPES["digits-mlp"], input_scaling="unit"), Path("unused"))
    assert unit.train.images.min() == 0
    assert unit.train.images.max() == 1
    torch.testing.assert_close(unit.train.images, (pixels(unit.train.images) / 16).float())


def test_each_digit_of_scikit_learn_is_in_one_split(dataset):
    images = torch.cat([pixels(dataset.train.images), pixels(dataset.test.images)])
    assert (images - images.round()).abs().max() < 1e-4
    labels = torch.cat([dataset.train.labels, dataset.test.labels])
    expected, digits = load_digits(return_X_y=True)
    assert rows(images.tolist(), labels.tolist()) == rows(expected.tolist(), digits.tolist())


def test_inputs_are_standardised_by_the_training_set(dataset):
    train, test = (pixels(split.images) for split in (dataset.train, dataset.test))
    mean, deviation = train.mean(), train.std(correction=0)
    for images, split in ((train, dataset.train), (test, dataset.test)):
        expected = (images - mean) / deviation
        torch.testing.assert_close(split.images.double(), expected, atol=1e-5, rtol=0)
    assert dataset.train.images.mean().item() == pytest.approx(0, abs=1e-5)
    assert dataset.train.images.std(correction=0).item() == pytest.approx(1, abs=1e-5)


def test_splits_are_stratified(dataset):
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


def test_the_split_is_the_one_scikit_learn_draws(dataset):
    expected, labels = load_digits(return_X_y=True)
    train, test, train_labels, test_labels = train_test_split(
        expected, labels, train_size=1000, test_size=797, stratify=labels, random_state=0
    )
    for split, images, digits in (
        (dataset.train, train, train_labels),
        (dataset.test, test, test_labels),
    ):
        both = torch.cat([dataset.train.images, dataset.test.images])
        low, high = both.min(), both.max()
        ours = (split.images - low) / (high - low) * 16
        assert rows(ours.tolist(), split.labels.tolist()) == rows(images.tolist(), digits.tolist())


def test_the_share_of_the_most_frequent_class_is_that_of_the_data() -> None:
    labels = data.load(RECIPES["digits-mlp"], Path("unused")).test.labels
    assert data.facts("digits").majority == labels.bincount().max().item() / len(labels)
