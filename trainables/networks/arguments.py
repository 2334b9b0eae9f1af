"""Checks of the arguments that a spec gives to built-in networks."""

from __future__ import annotations

from collections.abc import Sequence

Inputs = Sequence[int]
"""The shape of an example: channels, height and width of an image."""


def channels(inputs: Inputs) -> int:
    """Return the channels of images. Raises ValueError for examples of another shape."""
    if len(inputs) != 3:
        raise ValueError(f"it takes images [channels, height, width], not {list(inputs)}")
    return inputs[0]


def positive(name: str, value: object) -> int:
    """Return a number of layers or channels. Raises ValueError if it is none."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} must be a whole number, at least 1, not {value!r:.60}")
    return value


def blocks(depth: object, each: int, others: int, examples: str) -> int:
    """Return the blocks of a stage, of a network of `depth` layers: `each` times them + `others`.

    Raises ValueError if there is no such network; `examples` are depths that there are.
    """
    number, rest = divmod(positive("depth", depth) - others, each)
    if rest or number < 1:
        raise ValueError(f"depth must be {each} n + {others}, such as {examples}; not {depth}")
    return number
