"""Colours by what they mean; strategies have theirs in `analysis.strategies`.

Every scale falls or rises in lightness throughout, so that it is told apart with any colour vision
and in grey; lines have markers of their own besides.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import cache
from typing import Any, TypeVar

import matplotlib
import numpy as np
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_hex, to_rgb

from analysis.figures.style import ON_DARK, ON_LIGHT

K_SCALE = LinearSegmentedColormap.from_list(
    "k", ["#2D0A57", "#8B1A66", "#CC3F5B", "#E5793A", "#E6A62E"]
)
"""Rewind points k, and levels, from early to late."""

SETTINGS_SCALE = LinearSegmentedColormap.from_list("settings", ["#0B2E59", "#1F7A8C", "#7CB36A"])
"""Values of a hyperparameter, in their order."""

HEIGHTS: Colormap = matplotlib.colormaps["viridis"]
"""Errors and instabilities of heat maps, from low to high; ranks, from the best on."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p", ">", "<", "h", "*", "d", "H", "8")

T = TypeVar("T", bound=Hashable)


def along(values: Iterable[T], scale: Colormap = K_SCALE) -> dict[T, str]:
    """Return a colour per value, by ascending order."""
    ordered = sorted(set(values))  # type: ignore[type-var]
    places = [i / max(len(ordered) - 1, 1) for i in range(len(ordered))]
    return {value: to_hex(scale(place)) for value, place in zip(ordered, places, strict=True)}


def markers(values: Iterable[T]) -> dict[T, str]:
    """Return a marker per value, by ascending order; of many, some have the same."""
    ordered = sorted(set(values))  # type: ignore[type-var]
    return {value: MARKERS[i % len(MARKERS)] for i, value in enumerate(ordered)}


def ink_on(color: Any) -> str:
    """Return the colour of text upon another: light on what is dark (WCAG 2's luminance)."""
    red, green, blue = _linear(np.array(to_rgb(color)))
    return ON_DARK if 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.2 else ON_LIGHT


@cache
def in_the_dark(color: str) -> str:
    """Return the colour that stands for another on a dark ground: its hue, but lighter.

    Lightness is that of OKLab (Ottosson, 2020), of which 0.2 to 0.85 becomes 0.55 to 0.9, so that
    colours keep their order, and the darkest is seen.
    """
    lab = _LMS_TO_LAB @ np.cbrt(_RGB_TO_LMS @ _linear(np.array(to_rgb(color))))
    lab[0] = np.clip(0.55 + (lab[0] - 0.2) * 0.35 / 0.65, 0, 1)
    rgb = np.linalg.inv(_RGB_TO_LMS) @ (np.linalg.inv(_LMS_TO_LAB) @ lab) ** 3
    rgb = np.clip(rgb, 0, 1)
    return to_hex(np.where(rgb <= 0.0031308, 12.92 * rgb, 1.055 * rgb ** (1 / 2.4) - 0.055))


def _linear(rgb: Any) -> Any:
    """Light intensities of sRGB values, all from 0 to 1."""
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


_RGB_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LMS_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
