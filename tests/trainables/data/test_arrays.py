"""Arrays of a user's own: one form, one name, and one line where they are no data set."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from trainables import data
from trainables.data import Facts
from trainables.data.arrays import arranged
from trainables.data.content import arrays_name
from trainables.data.errors import DataError

RNG = np.random.default_rng(0)


def some(x_train=None, x_test=None, **changes):
    """Six training and three test examples of three classes."""
    train = RNG.normal(size=(6, 4)).astype("f4") if x_train is None else x_train
    test = RNG.normal(size=(3, 4)).astype("f4") if x_test is None else x_test
    labels = {"y_train": np.arange(len(train)) % 3, "y_test": np.zeros(len(test), int)}
    return {"x_train": train, "x_test": test} | labels | changes


def images(*shape, seed=0):
    generator = np.random.default_rng(seed)
    return [generator.integers(0, 256, (n, *shape), dtype=np.uint8) for n in (6, 3)]


def name_of(**given):
    return arranged(given, "here")[0]


# --- names --------------------------------------------------------------------------------

sizes = st.integers(1, 10**7)


@given(
    sizes, sizes, st.lists(sizes, min_size=1, max_size=5), sizes, sizes,
    st.sampled_from(["pixels", "floats", "tokens"]),
)  # fmt: skip
def test_a_content_name_says_its_facts(train, test, shape, classes, most, kind):
    of = Facts(train, test, tuple(shape), classes, min(most, test), kind)
    name = arrays_name("0123456789abcdef", of)
    assert data.facts(name) == of
    assert data.facts(name).majority == min(most, test) / test
    assert not data.is_folder(name)
    assert data.augmentations(name) == (["none", "shift-flip"] if kind == "pixels" else ["none"])


def test_the_facts_are_those_of_the_arrays():
    train, test = images(5, 7, 3)
    name = name_of(**some(train, test, y_test=[2, 1, 2]))
    assert data.facts(name) == Facts(6, 3, (3, 5, 7), 3, most_frequent=2, kind="pixels")
    assert data.facts(name).majority == 2 / 3
    name = name_of(**some())
    assert data.facts(name) == Facts(6, 3, (4,), 3, most_frequent=3, kind="floats")
    name = name_of(**some(np.zeros((6, 9), np.int32), np.zeros((3, 9), np.int32), classes=5))
    assert data.facts(name) == Facts(6, 3, (9,), 5, most_frequent=3, kind="tokens")


FLOATS = st.floats(-100, 100, width=32, allow_subnormal=False)


@given(
    arrays_of.arrays(np.float32, (6, 2, 3), elements=FLOATS),
    st.sampled_from([(5, 1, 2), (0, 0, 0), (3, 1, 1)]),
)
def test_the_name_is_of_the_values_not_of_what_holds_them(values, place):
    given = some(values, values[:3])
    name = name_of(**given)
    as_lists = {key: value.tolist() for key, value in given.items()}
    as_tensors = {key: torch.tensor(value.copy()) for key, value in given.items()}
    wide = given | {key: given[key].astype(np.float64) for key in ("x_train", "x_test")}
    narrow = given | {"y_train": given["y_train"].astype(np.uint8)[:, None]}
    turned = given | {"x_train": np.asfortranarray(values)}
    for same in (as_lists, as_tensors, wide, narrow, turned):
        assert name_of(**same) == name
    other = values.copy()
    other[place] += 1
    assert name_of(**some(other, values[:3])) != name
    assert name_of(**(given | {"y_train": [0, 1, 2, 0, 2, 1]})) != name
    assume(not np.array_equal(values[:3], values[1:4]))
    assert name_of(**some(values, values[1:4])) != name


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_images_are_the_same_with_channels_first_or_last(channels):
    train, test = images(6, 5, channels)
    name, held = arranged(some(train, test), "here")
    first = some(*(one.transpose(0, 3, 1, 2) for one in (train, test)))
    assert name_of(**first) == name
    assert np.array_equal(held.train_images.numpy(), train)
    assert held.train_images.is_contiguous()
    assert data.facts(name).shape == (channels, 6, 5)
    if channels == 1:
        assert name_of(**some(train[..., 0], test[..., 0])) == name


def test_numbers_too_small_to_train_with_are_zero():
    """In whatever process: one that has trained flushes them, another does not."""
    zeros, small = np.zeros((6, 4)), np.full((6, 4), 1e-40)
    name = name_of(**some(zeros, zeros[:3]))
    torch.set_flush_denormal(False)  # the fixture of all these tests turns it on again
    assert name_of(**some(small, -small[:3])) == name
    torch.set_flush_denormal(True)
    assert name_of(**some(small, -small[:3])) == name


def test_floats_and_tokens_of_the_same_values_differ():
    ones = np.ones((6, 4)), np.ones((3, 4))
    assert name_of(**some(*ones)) != name_of(**some(*(one.astype(int) for one in ones)))


def test_an_object_with_attributes_and_a_half_precision_tensor():
    train, test = torch.ones(6, 4, dtype=torch.bfloat16), torch.ones(3, 4, dtype=torch.float16)
    name = name_of(**some(train, test))
    assert name == name_of(**some(np.ones((6, 4)), np.ones((3, 4))))


# --- what a network gets --------------------------------------------------------------------


def test_images_are_scaled_as_those_of_files():
    train, test = images(5, 7, 3)
    dataset = arranged(some(train, test), "here")[1].dataset("standardize")
    inputs = dataset.test.inputs(dataset.test.images).permute(0, 2, 3, 1).double().numpy()
    pixels = train / 255
    expected = (test / 255 - pixels.mean((0, 1, 2))) / pixels.std((0, 1, 2))
    np.testing.assert_allclose(inputs, expected, atol=1e-5)


@pytest.mark.parametrize("shape", [(4,), (3, 5, 7), (2, 8), (2, 3, 4, 5)])
def test_floats_are_standardised_by_channel_where_there_are_any(shape):
    train, test = (RNG.normal(7, 3, (n, *shape)).astype("f4") for n in (6, 3))
    axes = (0, 2, 3) if len(shape) == 3 else None
    held = arranged(some(train, test), "here")[1]
    dataset = held.dataset("standardize")
    mean = train.mean(axes, np.float64, keepdims=True)
    deviation = train.std(axes, np.float64, keepdims=True)
    for split, values in ((dataset.train, train), (dataset.test, test)):
        found = split.inputs(split.images)
        assert found.dtype == torch.float32
        np.testing.assert_allclose(found.numpy(), (values - mean) / deviation, atol=1e-5)
    unit = held.dataset("unit")
    assert np.array_equal(unit.test.inputs(unit.test.images).numpy(), test)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6, -3e-20])
def test_floats_that_are_all_the_same_become_zero(value):
    train = np.full((6, 4), value, np.float32)
    dataset = arranged(some(train, train[:3]), "here")[1].dataset("standardize")
    assert not dataset.train.images.any()
    assert not dataset.test.images.any()


@pytest.mark.parametrize("scaling", ["standardize", "unit"])
def test_tokens_stay_as_they_are(scaling):
    train = np.arange(24, dtype=np.uint16).reshape(6, 4)
    dataset = arranged(some(train, train[:3]), "here")[1].dataset(scaling)
    found = dataset.train.inputs(dataset.train.images)
    assert found.dtype == torch.int64
    assert found.tolist() == train.tolist()


# --- what is no data set --------------------------------------------------------------------

HUGE = np.array([[2**63] * 4] * 6, np.uint64)

WRONG = {
    "a key is missing": ({"y_test": None}, "there is no y_test"),
    "an unknown key": ({"x_val": [1]}, "'x_val' is not known"),
    "a number": ({"x_train": 3}, "x_train has the shape []; inputs are [N, ...]"),
    "one dimension": ({"x_train": np.ones(6)}, "x_train has the shape [6]"),
    "no examples": ({"x_train": np.ones((0, 4)), "y_train": []}, "x_train is empty"),
    "no values": ({"x_test": np.ones((3, 0))}, "x_test is empty: its shape is [3, 0]"),
    "not a number": ({"x_train": np.full((6, 4), np.nan)}, "24 values that are not finite"),
    "infinite": ({"x_test": np.full((3, 4), np.inf)}, "x_test has 12 values"),
    "too large for 32 bits": ({"x_test": np.full((3, 4), 1e300)}, "not finite as 32-bit floats"),
    "objects": ({"x_train": np.array([[{}] * 4] * 6)}, "x_train has the type object"),
    "text": ({"x_train": np.array([["a"] * 4] * 6)}, "x_train has the type <U1"),
    "booleans": ({"x_train": np.ones((6, 4), bool)}, "x_train has the type bool"),
    "complex": ({"x_train": np.ones((6, 4), complex)}, "x_train has the type complex128"),
    "ragged": ({"x_train": [[1.0, 2.0], [3.0]] * 3}, "x_train is no array"),
    "nothing": ({"x_train": None}, "there is no x_train"),
    "huge integers": ({"x_train": HUGE, "x_test": HUGE[:3]}, "64 bits with a sign"),
    "other examples": ({"x_test": np.ones((3, 5), "f4")}, "must have one shape"),
    "another kind": ({"x_test": np.ones((3, 4), int)}, "x_train holds floats but x_test tokens"),
    "flat bytes": ({"x_train": np.ones((6, 4), np.uint8)}, "uint8 with the shape [6, 4]"),
    "both channels": ({"x_train": np.ones((6, 3, 3, 3), np.uint8)}, "can be [N, C, H, W] and"),
    "no channels": ({"x_train": np.ones((6, 9, 9, 9), np.uint8)}, "no dimension can be"),
    "floating labels": ({"y_train": np.arange(6) / 1.0}, "y_train has the type float64"),
    "true or false": ({"y_train": np.ones(6, bool)}, "y_train has the type bool"),
    "one-hot": ({"y_train": np.eye(3)[[0, 1, 2] * 2]}, "labels are integers from 0 to C - 1"),
    "too few labels": ({"y_train": [0, 1, 2]}, "y_train has 3 labels for the 6 of x_train"),
    "negative": ({"y_test": [0, -1, 2]}, "y_test has the label -1"),
    "a gap": ({"y_train": [0, 1, 3, 0, 1, 3]}, "no training example has the label 2"),
    "not from 0": ({"y_train": [1, 2, 3, 1, 2, 3]}, "no training example has the label 0"),
    "only tested": ({"y_test": [0, 1, 3]}, "has the label 3, but labels go up to 3"),
    "a huge label": ({"y_test": [0, 1, 10**15]}, "no training example has the label 3"),
    "too few classes": ({"classes": 2}, "classes is 2, but there is the label 2"),
    "half a class": ({"classes": 3.5}, "classes is not one integer"),
    "names of classes": ({"classes": ["a", "b", "c"]}, "classes is not one integer"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "words"), WRONG.values(), ids=WRONG)
def test_what_is_no_data_set_is_one_line(change, words):
    given = {key: value for key, value in (some() | change).items() if value is not None}
    with pytest.raises(DataError) as caught:
        arranged(given, "/a/file.npz")
    line = str(caught.value)
    assert line.startswith("/a/file.npz: ")
    assert words in line
    assert "\n" not in line


def test_classes_that_are_said_may_lack_examples():
    name = name_of(**some(y_train=[0, 1, 3, 0, 1, 3], classes=torch.tensor(9)))
    assert data.facts(name).classes == 9


@given(
    arrays_of.arrays(arrays_of.integer_dtypes() | arrays_of.unsigned_integer_dtypes(), (6,))
    | st.lists(st.integers(-1, 3), min_size=6, max_size=6)
)
def test_any_labels_are_taken_or_told_in_one_line(labels):
    whole = sorted(set(map(int, labels))) == list(range(len(set(map(int, labels)))))
    try:
        name, held = arranged(some(y_train=labels), "here")
    except DataError:
        assert not whole
        return
    assert held.train_labels.tolist() == [int(label) for label in labels]
    assert data.facts(name).classes == max(map(int, labels)) + 1
