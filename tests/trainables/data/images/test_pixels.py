"""Decoding and resizing against Pillow and torchvision's transforms on Pillow's images."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as transforms

from benchmarks.pictures import jpeg, picture
from trainables.data.errors import DataError
from trainables.data.images import pixels
from trainables.data.images.crops import Draws, random_box

ROUNDING = 2
"""Pillow rounds after each of two passes, torch with other bits: values of a pixel, of 255."""


def opened(content):
    return Image.open(io.BytesIO(content)).convert("RGB")


def difference(ours, image):
    return (ours.int() - torch.from_numpy(np.array(image)).int()).abs()


@pytest.mark.parametrize("quality", [60, 92])
@pytest.mark.parametrize("size", [(500, 375), (333, 500), (41, 67)])
def test_jpegs_decode_to_pillows_pixels(size, quality):
    content = jpeg(1, *size, quality=quality)
    assert difference(pixels.decode(content, ""), opened(content)).max() == 0


@pytest.mark.parametrize("size", [224, 299])
@pytest.mark.parametrize("example", range(8))
def test_a_training_crop_is_torchvisions_resized_crop(size, example):
    content = jpeg(example, 500, 375)
    seen = pixels.training(pixels.decode(content, ""), size, Draws(1, 0, example))
    draws = Draws(1, 0, example)
    left, top, width, height = random_box(500, 375, draws)
    theirs = transforms.resized_crop(
        opened(content), top, left, height, width, [size, size], InterpolationMode.BILINEAR
    )
    if draws.mirrored():
        theirs = transforms.hflip(theirs)
    off = difference(seen, theirs)
    assert seen.shape == (size, size, 3)
    assert off.max() <= ROUNDING
    assert (off > 1).float().mean() < 0.001
    assert off.float().mean() < 0.3


@pytest.mark.parametrize(("size", "short"), [(224, 256), (299, 342)])
@pytest.mark.parametrize("shape", [(500, 375), (375, 500), (640, 200), (100, 80)])
def test_the_centre_crop_is_torchvisions(size, short, shape):
    content = jpeg(3, *shape)
    theirs = transforms.center_crop(transforms.resize(opened(content), [short]), [size, size])
    seen = pixels.evaluation(pixels.decode(content, ""), size)
    off = difference(seen, theirs)
    assert off.max() <= ROUNDING
    assert off.float().mean() < 0.3


def test_both_flips_and_crops_come_about():
    image = pixels.decode(jpeg(1), "")
    seen = [pixels.training(image, 32, Draws(1, 0, example)) for example in range(6)]
    assert len({one.numpy().tobytes() for one in seen}) == 6


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGB", "P", "RGBA"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_every_mode_is_what_pillow_makes_of_it_as_rgb(mode, kind):
    if (mode, kind) in (("CMYK", "PNG"), ("P", "JPEG"), ("RGBA", "JPEG")):
        pytest.skip("there is no such file")
    out = io.BytesIO()
    Image.fromarray(picture(1, 60, 45)).convert(mode).save(out, kind)
    seen = pixels.decode(out.getvalue(), "named.JPEG")
    assert seen.shape == (45, 60, 3)
    assert seen.dtype == torch.uint8
    assert difference(seen, opened(out.getvalue())).max() == 0


def test_a_progressive_jpeg_is_decoded():
    out = io.BytesIO()
    Image.fromarray(picture(1)).save(out, "JPEG", progressive=True)
    assert difference(pixels.decode(out.getvalue(), ""), opened(out.getvalue())).max() == 0


@pytest.mark.parametrize("kept", [0, 1, 3, 100, 5000])
def test_a_cut_jpeg_is_one_line_that_names_it(kept):
    with pytest.raises(DataError, match=r"^train/ant/1\.JPEG is not ") as caught:
        pixels.decode(jpeg(1)[:kept], "train/ant/1.JPEG")
    assert "\n" not in str(caught.value)
