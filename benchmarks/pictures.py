"""JPEGs of ImageNet's sizes and about its bytes a file, made up: for benchmarks and tests.

Photographs have spectra of 1/f; so have these, with noise on top as a sensor's. They take a decoder
about as long as ImageNet's, whose files have 110 KB and 500x375 pixels on the average.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIZES = ((500, 375), (500, 375), (500, 333), (375, 500))
"""Widths and heights, in turn."""
QUALITY = 90
NOISE = 3.0
"""Standard deviation, in values of a pixel; it sets the bytes of a file."""


def picture(seed: int, width: int = 500, height: int = 375) -> NDArray[np.uint8]:
    """Pixels [H, W, 3]: smooth areas and edges, more in brightness than in colour."""
    stream = np.random.default_rng(seed)
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    frequency = np.hypot(rows, columns)
    frequency[0, 0] = np.inf
    layers = []
    for deviation in (55.0, 12.0, 12.0):
        white = np.fft.rfft2(stream.standard_normal((height, width)))
        layer = np.fft.irfft2(white / frequency, s=(height, width))
        layers.append(deviation * layer / layer.std())
    brightness, one, other = layers
    colours = np.stack([brightness + one, brightness - one / 2 - other / 2, brightness + other], 2)
    colours += 128 + NOISE * stream.standard_normal((height, width, 1))
    return colours.clip(0, 255).astype(np.uint8)


def jpeg(seed: int, width: int = 500, height: int = 375, quality: int = QUALITY) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture(seed, width, height)).save(out, "JPEG", quality=quality)
    return out.getvalue()


def fill(
    folder: Path, *, classes: int, train: int, val: int, size: tuple[int, int] | None = None
) -> None:
    """`train|val/<class>/<image>`, with so many images of each class; all of a `size`, or of
    `SIZES` in turn."""
    seed = 0
    for split, images in (("train", train), ("val", val)):
        for label in range(classes):
            inside = folder / split / f"n{label:08d}"
            inside.mkdir(parents=True, exist_ok=True)
            for number in range(images):
                content = jpeg(seed, *(size or SIZES[seed % len(SIZES)]))
                (inside / f"n{label:08d}_{number}.JPEG").write_bytes(content)
                seed += 1
