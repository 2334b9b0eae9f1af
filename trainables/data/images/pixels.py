"""From a file's bytes to the pixels that a network sees.

libjpeg-turbo through simplejpeg, and torch's antialiased bilinear kernel for bytes: the fastest
that was measured (docs/how-to/image-folders.md). What that decoder does not take, PNGs named .JPEG
and CMYK, goes through Pillow.
"""

from __future__ import annotations

import io

import numpy as np
import simplejpeg
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from trainables.data.errors import DataError, one_line
from trainables.data.images import crops
from trainables.data.images.crops import Draws

FOUR_COLOURS = ("CMYK", "YCCK")
"""Adobe stores them inverted, others don't: Pillow knows."""

JPEG = b"\xff\xd8\xff"

DAMAGE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
"""What Pillow raises of damaged files."""


def training(image: Tensor, size: int, draws: Draws) -> Tensor:
    """A random crop of [H, W, 3] at [size, size, 3], half of them mirrored."""
    height, width, _ = image.shape
    left, top, w, h = crops.random_box(width, height, draws)
    seen = resize(image[top : top + h, left : left + w], size, size)
    return seen.flip(1) if draws.mirrored() else seen


def evaluation(image: Tensor, size: int) -> Tensor:
    """The centre crop [size, size, 3] of the resized image."""
    height, width, _ = image.shape
    width, height = crops.resized(width, height, crops.short_side(size))
    left, top, w, h = crops.centre_box(width, height, size)
    return resize(image, width, height)[top : top + h, left : left + w]


def resize(image: Tensor, width: int, height: int) -> Tensor:
    """Bilinear with antialias, as Pillow's, from which it differs by rounding: [height, width, 3].

    The kernel for bytes in channels-last memory is taken where strides say so, that of the batch's
    single example included.
    """
    planes = image.contiguous().unsqueeze(0).permute(0, 3, 1, 2)
    done = interpolate(planes, (height, width), mode="bilinear", antialias=True)
    return done[0].permute(1, 2, 0)


def decode(content: bytes, where: str) -> Tensor:
    """Pixels [H, W, 3] (uint8) of an image. Raises DataError, which says `where`."""
    if content.startswith(JPEG):
        try:
            _, _, colours, _ = simplejpeg.decode_jpeg_header(content)
            if colours not in FOUR_COLOURS:
                return torch.from_numpy(simplejpeg.decode_jpeg(content, "RGB"))
        except ValueError:
            pass  # Pillow has the last word, and better ones
    try:
        with Image.open(io.BytesIO(content)) as image:
            return torch.from_numpy(np.array(image.convert("RGB")))
    except Image.UnidentifiedImageError:
        raise DataError(f"{where} is not an image that can be read") from None
    except DAMAGE as error:
        raise DataError(f"{where} is not a whole image: {one_line(error)}") from None
