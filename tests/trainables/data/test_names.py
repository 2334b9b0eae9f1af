"""What data sets are called, and what planning knows of them."""

import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainables import data
from trainables.data import ROWS, Facts, iterations_per_epoch
from trainables.data.content import images_name
from trainables.data.errors import DataError
from trainables.recipes import RECIPES
from trainables.training.order import DataOrder

sizes = st.integers(1, 10**7)
hexadecimal = st.text("0123456789abcdef", min_size=12, max_size=64)


def test_planning_needs_no_torch():
    code = "import sys, trainables.data; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_papers_data_sets():
    # MNIST has 1135 ones among its test images; of the others all classes have equally many.
    assert ROWS["mnist"].facts == Facts(60_000, 10_000, (1, 28, 28), 10, most_frequent=1135)
    assert ROWS["cifar10"].facts == Facts(50_000, 10_000, (3, 32, 32), 10)
    assert ROWS["cifar100"].facts == Facts(50_000, 10_000, (3, 32, 32), 100)
    assert ROWS["imagenet"].facts == Facts(1_281_167, 50_000, (3, 224, 224), 1000)


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


@given(st.text("0123456789abcdef", min_size=12, max_size=12), sizes, sizes, sizes)
def test_a_streamed_folders_name_says_its_facts(fingerprint, train, test, classes):
    name = f"folder-{fingerprint}-{train}-{test}-{classes}"
    assert data.facts(name) == Facts(train, test, None, classes)


def test_which_recipes_stream():
    imagenet, cifar = RECIPES["resnet50-imagenet"], RECIPES["resnet20-cifar10"]
    assert data.streams(imagenet)
    assert data.streams(replace(imagenet, augmentation="none"))
    assert data.streams(replace(cifar, data="cifar10-jpeg", augmentation="none"))
    assert data.streams(replace(cifar, augmentation="crop-flip"))
    assert not any(data.streams(one) for one in (cifar, RECIPES["digits-mlp"]))
    assert data.facts("cifar10-jpeg") == Facts(50_000, 10_000, None, 10)


def test_asking_whether_a_recipe_streams_or_is_prepared_needs_no_torch(tmp_path):
    code = (
        "import sys, pathlib\nfrom trainables import data\n"
        "from trainables.recipes import RECIPES\nrecipe = RECIPES['resnet50-imagenet']\n"
        f"assert not data.prepared(recipe, pathlib.Path({str(tmp_path)!r}))\n"
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_imagenet_that_is_not_there(tmp_path):
    recipe = RECIPES["resnet50-imagenet"]
    assert not data.prepared(recipe, tmp_path)
    with pytest.raises(DataError, match=f"there are no images at {tmp_path}/imagenet"):
        data.prepare(recipe, tmp_path)


def test_the_digits_need_no_preparation(tmp_path):
    assert data.prepared(RECIPES["digits-mlp"], tmp_path)


def test_data_are_prepared_once_they_are_decoded(tmp_path):
    recipe = RECIPES["lenet-mnist"]
    assert not data.prepared(recipe, tmp_path)
    (tmp_path / "decoded").mkdir()
    (tmp_path / "decoded" / "mnist.safetensors").touch()
    assert data.prepared(recipe, tmp_path)
    assert not data.prepared(replace(recipe, data="cifar10"), tmp_path)
