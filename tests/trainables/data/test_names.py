"""What data sets are called, and what planning knows of them."""

import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainables import data
from trainables.data import DATA, Facts, images_name, iterations_per_epoch
from trainables.data.errors import DataError
from trainables.recipes import RECIPES
from trainables.training.order import DataOrder

sizes = st.integers(1, 10**7)
hexadecimal = st.text("0123456789abcdef", min_size=12, max_size=64)


def test_planning_needs_no_torch():
    code = "import sys, trainables.data; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_papers_data_sets():
    assert DATA["mnist"] == Facts(60_000, 10_000, (1, 28, 28), 10)
    assert DATA["cifar10"] == Facts(50_000, 10_000, (3, 32, 32), 10)
    assert DATA["cifar100"] == Facts(50_000, 10_000, (3, 32, 32), 100)
    assert DATA["imagenet"] == Facts(1_281_167, 50_000, (3, 224, 224), 1000)


@given(hexadecimal, sizes, sizes, st.tuples(sizes, sizes, sizes), sizes)
def test_a_content_name_says_its_facts(fingerprint, train, test, shape, classes):
    of = Facts(train, test, shape, classes)
    name = images_name(fingerprint, of)
    assert data.facts(name) == of
    assert fingerprint[:12] in name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "MNIST",
        "images",
        "images-abc-1-2-3x4x5-6",
        "images-0123456789ab-1-2-3x4x5-6-",
        "./x.tar",
    ],
)
def test_other_names_have_no_facts(name):
    with pytest.raises(KeyError):
        data.facts(name)


@given(st.integers(1, 5000), st.integers(1, 600), st.sampled_from(["keep", "drop"]))
def test_an_epoch_has_as_many_iterations_as_batches(examples, batch_size, last_batch):
    name = images_name("0" * 12, Facts(examples, 1, (1, 1, 1), 1))
    ends = range(batch_size, examples + batch_size, batch_size)
    batches = [end for end in ends if last_batch == "keep" or end <= examples]
    assert iterations_per_epoch(name, batch_size, last_batch) == len(batches)
    if batches:
        order = DataOrder(examples, batch_size, 1, keep_last=last_batch == "keep")
        assert order.iterations_per_epoch == len(batches)


def test_imagenet_can_be_planned_not_run(tmp_path):
    with pytest.raises(DataError, match="can be planned, not run"):
        data.prepared(RECIPES["resnet50-imagenet"], tmp_path)


def test_the_digits_need_no_preparation(tmp_path):
    assert data.prepared(RECIPES["digits-mlp"], tmp_path)


def test_data_are_prepared_once_they_are_decoded(tmp_path):
    recipe = RECIPES["lenet-mnist"]
    assert not data.prepared(recipe, tmp_path)
    (tmp_path / "decoded").mkdir()
    (tmp_path / "decoded" / "mnist.safetensors").touch()
    assert data.prepared(recipe, tmp_path)
    assert not data.prepared(replace(recipe, data="cifar10"), tmp_path)
