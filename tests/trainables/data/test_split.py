import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trainables.data.split import Scaling, Split

MEAN = torch.tensor([0.4914, 0.1307, 0.5], dtype=torch.float64)
DEVIATION = torch.tensor([0.2470, 0.3081, 0.01], dtype=torch.float64)


def pixels(number=2, channels=3):
    """Every value of a byte, in each channel."""
    values = torch.arange(256, dtype=torch.uint8).view(1, 16, 16, 1)
    return values.expand(number, 16, 16, channels).contiguous()


def split_of(images, kind, mean=MEAN, deviation=DEVIATION):
    return Split(images, torch.zeros(len(images)), Scaling.of(kind, mean, deviation))


def test_unit_is_pixels_over_255():
    split = split_of(pixels(), "unit")
    inputs = split.inputs(split.images)
    expected = pixels().double().permute(0, 3, 1, 2) / 255
    torch.testing.assert_close(inputs.double(), expected, rtol=1e-7, atol=0)
    assert inputs.min() == 0
    assert inputs.max() == 1


def test_standardize_subtracts_the_mean_and_divides_by_the_deviation():
    split = split_of(pixels(), "standardize")
    inputs = split.inputs(split.images).double()
    for channel in range(3):
        expected = (pixels()[..., channel].double() / 255 - MEAN[channel]) / DEVIATION[channel]
        bound = 1e-6 / DEVIATION[channel].item()
        torch.testing.assert_close(inputs[:, channel], expected, rtol=0, atol=bound)


@given(st.floats(1e-3, 1), st.floats(1e-3, 0.5), st.integers(0, 255))
def test_scaling_is_the_plain_formula(mean, deviation, pixel):
    scaling = Scaling.of("standardize", *(torch.tensor([v]).double() for v in (mean, deviation)))
    assert scaling.scale.dtype == scaling.shift.dtype == torch.float32
    expected = (pixel / 255 - mean) / deviation
    result = pixel * scaling.scale.item() + scaling.shift.item()
    assert result == pytest.approx(expected, abs=2e-6 / deviation)


def test_a_channel_that_is_the_same_everywhere_becomes_0():
    images = pixels()
    images[..., 1] = 51
    mean, deviation = MEAN.clone(), DEVIATION.clone()
    mean[1], deviation[1] = 51 / 255, 0.0
    split = split_of(images, "standardize", mean, deviation)
    inputs = split.inputs(split.images)
    assert inputs.isfinite().all()
    assert inputs[:, 1].abs().max() < 1e-7


def test_inputs_lie_channels_last_and_leave_the_pixels_alone():
    split = split_of(pixels(), "standardize")
    before = split.images.clone()
    inputs = split.inputs(split.images)
    assert inputs.dtype == torch.float32
    assert inputs.shape == (2, 3, 16, 16)
    assert inputs.is_contiguous(memory_format=torch.channels_last)
    assert split.images.dtype == torch.uint8
    assert torch.equal(split.images, before)


def test_inputs_do_not_depend_on_the_others_of_their_batch():
    stream = np.random.default_rng(0)
    images = torch.from_numpy(stream.integers(0, 256, (9, 5, 7, 3), dtype=np.uint8))
    split = split_of(images, "standardize")
    together = split.inputs(images)
    for index in range(9):
        assert torch.equal(split.inputs(images[index : index + 1])[0], together[index])


def test_without_scaling_images_are_the_inputs():
    images = torch.randn(3, 4)
    split = Split(images, torch.zeros(3))
    assert split.inputs(images) is images


@pytest.mark.parametrize("number", [0, 1, 5, 10])
def test_a_sample_keeps_images_labels_and_scaling_together(number):
    images = pixels(10)
    images[:, 0, 0, 0] = torch.arange(10, dtype=torch.uint8)
    split = Split(images, torch.arange(10), Scaling.of("unit", MEAN, DEVIATION))
    sample = split.sample(number)
    assert len(sample) == len(set(sample.labels.tolist())) == number
    assert sample.images[:, 0, 0, 0].tolist() == sample.labels.tolist()
    assert sample.scaling is split.scaling
