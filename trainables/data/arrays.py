"""Arrays of a user's own as a data set: checked, in one form, and named by their content.

They are `x_train, y_train, x_test, y_test`: numpy arrays, tensors or lists. Inputs are

    uint8     images [N, H, W], [N, H, W, C] or [N, C, H, W], of 1 to 4 channels
    floats    of any shape [N, ...], taken as 32-bit floats
    integers  of any shape [N, ...], which a network takes as they are

and labels [N] (or [N, 1]) integers from 0 to C - 1; or [N, ...], several per example, such as the
next token at each position of a text. There may be `classes`, the number C; without,
it is one more than the highest label, and each class must have a training example.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from trainables.data.content import Facts, Kind, arrays_name
from trainables.data.decoded import Decoded
from trainables.data.errors import DataError, one_line

NAMES = ("x_train", "y_train", "x_test", "y_test")

CHANNELS = range(1, 5)
"""Sizes of a dimension that is taken for an image's channels."""

Array = NDArray[Any]


class _Wrong(Exception):
    """What is wrong with arrays."""


def arranged(given: Mapping[str, Any], where: str) -> tuple[str, Decoded]:
    """Return the content name of arrays, and them in one form. Raises DataError, which says
    `where`."""
    try:
        check_names(given)
        inputs, kind = _inputs(given)
        labels = [_labels(given, split, len(inputs[split])) for split in ("train", "test")]
        classes = _classes(given.get("classes"), *labels)
    except _Wrong as error:
        raise DataError(f"{where}: {error}") from None
    train, test = inputs["train"], inputs["test"]
    held = train, labels[0], test, labels[1]
    shape = train.shape[1:]
    if kind == "pixels":
        shape = (shape[-1], *shape[:-1])
    if labels[0].shape[1:] != labels[1].shape[1:]:
        raise DataError(
            f"{where}: labels of both splits must have one shape, but y_train is "
            f"{_shown(labels[0])} and y_test {_shown(labels[1])}"
        )
    most = int(np.unique(labels[1], return_counts=True)[1].max())
    facts = Facts(len(train), len(test), shape, classes, most, kind, labels[0].shape[1:])
    name = arrays_name(_fingerprint(held), facts)
    return name, Decoded(*map(torch.from_numpy, held))


def check_names(given: Mapping[str, Any]) -> None:
    """Raise an error unless these are the arrays of a data set, by their names."""
    allowed = f"wanted are {', '.join(NAMES)}, and classes if you like"
    if lacking := [name for name in NAMES if name not in given]:
        raise _Wrong(f"there is no {lacking[0]}; {allowed}")
    if others := [name for name in given if name not in (*NAMES, "classes")]:
        raise _Wrong(f"{str(others[0])!r} is not known; {allowed}")


def _inputs(given: Mapping[str, Any]) -> tuple[dict[str, Array], Kind]:
    """Return the inputs of both splits in one form, and what they are."""
    found: dict[str, Array] = {}
    kinds: dict[str, Kind] = {}
    for split in ("train", "test"):
        name = f"x_{split}"
        values = _array(given[name], name)
        if values.ndim < 2:
            raise _Wrong(f"{name} has the shape {_shown(values)}; inputs are [N, ...]")
        if not values.size:
            raise _Wrong(f"{name} is empty: its shape is {_shown(values)}")
        kinds[split] = kind = _kind(values, name)
        found[split] = {"pixels": _pixels, "floats": _floats, "tokens": _tokens}[kind](values, name)
    train, test = found["train"], found["test"]
    if kinds["train"] != kinds["test"]:
        raise _Wrong(f"x_train holds {kinds['train']} but x_test {kinds['test']}")
    if train.shape[1:] != test.shape[1:]:
        raise _Wrong(
            f"examples of both splits must have one shape, but x_train is {_shown(train)} and "
            f"x_test {_shown(test)}"
        )
    return found, kinds["train"]


def _array(value: Any, name: str) -> Array:
    """Return a tensor, a list or whatever numpy knows as an array."""
    try:
        if isinstance(value, torch.Tensor):
            value = value.detach().cpu()
            value = value.float() if value.dtype == torch.bfloat16 else value
            return np.asarray(value.numpy())
        return np.asarray(value)
    except Exception as error:  # lists of unequal lengths, sparse tensors, foreign types
        raise _Wrong(f"{name} is no array: {one_line(error)}") from None


def _kind(values: Array, name: str) -> Kind:
    if values.dtype == np.uint8:
        return "pixels"
    if np.issubdtype(values.dtype, np.floating):
        return "floats"
    if np.issubdtype(values.dtype, np.integer):
        return "tokens"
    raise _Wrong(
        f"{name} has the type {values.dtype}; allowed: uint8 (images), floating-point numbers, "
        "integers"
    )


def _pixels(values: Array, name: str) -> Array:
    """Return images as [N, H, W, C]. Those [N, ...] of which the first or the last size alone can
    be that of channels are told apart by it."""
    shape = _shown(values)
    if values.ndim == 3:
        return np.ascontiguousarray(values[..., None])
    if values.ndim != 4:
        raise _Wrong(
            f"{name} is uint8 with the shape {shape}; images are [N, H, W], [N, H, W, C] or "
            "[N, C, H, W], and other inputs are floating-point numbers"
        )
    first, last = values.shape[1] in CHANNELS, values.shape[3] in CHANNELS
    if first and last:
        raise _Wrong(
            f"{name} has the shape {shape}, which can be [N, C, H, W] and [N, H, W, C]; give "
            "grey images as [N, H, W], or others as floating-point numbers [N, C, H, W]"
        )
    if not first and not last:
        raise _Wrong(f"{name} has the shape {shape}, where no dimension can be 1 to 4 channels")
    return np.ascontiguousarray(values.transpose(0, 2, 3, 1) if first else values)


def _floats(values: Array, name: str) -> Array:
    with np.errstate(over="ignore"):  # what becomes infinite is told below
        floats = np.array(values, np.float32, order="C")
    # Training flushes subnormal numbers to 0. Processes that have not begun to would see others,
    # and another content.
    floats[np.abs(floats) < np.finfo(np.float32).tiny] = 0
    if wrong := floats.size - int(np.isfinite(floats).sum()):
        raise _Wrong(f"{name} has {wrong:,} values that are not finite as 32-bit floats")
    return floats


def _tokens(values: Array, name: str) -> Array:
    if values.max() > np.iinfo(np.int64).max:
        raise _Wrong(f"{name} has integers that 64 bits with a sign cannot hold")
    return np.ascontiguousarray(values, np.int64)


def _labels(given: Mapping[str, Any], split: str, examples: int) -> Array:
    name = f"y_{split}"
    values = _array(given[name], name)
    if not values.ndim or (values.ndim > 1 and not values.size):
        raise _Wrong(
            f"{name} has the shape {_shown(values)}; labels are [N], one integer per example, or "
            "[N, ...], several"
        )
    if len(values) != examples:
        raise _Wrong(f"y_{split} has {len(values):,} labels for the {examples:,} of x_{split}")
    if not np.issubdtype(values.dtype, np.integer):
        raise _Wrong(f"{name} has the type {values.dtype}; labels are integers from 0 to C - 1")
    if values.min() < 0:
        raise _Wrong(f"{name} has the label {values.min()}; labels are integers from 0 to C - 1")
    one = values.ndim == 2 and values.shape[1] == 1
    return _tokens(values.reshape(-1) if one else values, name)


def _classes(given: Any, train: Array, test: Array) -> int:
    """Return how many classes there are."""
    highest = int(max(train.max(), test.max()))
    if given is None:
        seen = np.unique(train)
        if len(seen) <= highest:
            gap = int(np.argmax(np.append(seen, -1) != np.arange(len(seen) + 1)))
            raise _Wrong(
                f"no training example has the label {gap}, but labels go up to {highest}; say "
                "classes if that is meant"
            )
        return highest + 1
    number = _array(given, "classes")
    if number.size != 1 or not np.issubdtype(number.dtype, np.integer):
        raise _Wrong("classes is not one integer")
    classes = int(number.reshape(()))
    if classes <= highest:
        raise _Wrong(f"classes is {classes}, but there is the label {highest}")
    return classes


def _fingerprint(arrays: tuple[Array, ...]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.name}{array.shape}".encode())
        digest.update(array.data)
    return digest.hexdigest()


def _shown(values: Array) -> str:
    return str(list(values.shape))
