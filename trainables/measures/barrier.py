"""Error barrier between two networks (Unmasking Definition A.1)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from trainables.measures.instability import SPLITS, Options
from trainables.measures.measure import Column, Measure, Values
from trainables.paths import alphas


def barrier(errors: Sequence[float]) -> float:
    """Return how far errors along a path rise above the straight line between its ends' errors.

    At least 0, in the errors' unit; `errors` are at evenly spaced points, ends included. Where the
    ends differ it is another number than instability, whose line is level at their mean.
    """
    first, last = errors[0], errors[-1]
    lines = [(1 - alpha) * first + alpha * last for alpha in alphas(len(errors))]
    return max(error - line for error, line in zip(errors, lines, strict=True))


def compute(values: Mapping[str, Any], context: None, options: Options) -> Values:
    """Return `barrier_SPLIT` (points) of the paths that instability was measured on; NaN with a
    diverged end."""
    diverged = bool(values["diverged_1"] or values["diverged_2"])
    return {
        f"barrier_{split}": math.nan if diverged else barrier(values[f"path_error_{split}"])
        for split in SPLITS
    }


MEASURE = Measure(
    name="barrier",
    columns=tuple(
        Column(
            name=f"barrier_{split}",
            unit="%",
            low=0,
            high=100,
            about="highest rise of the error on the path above the line between its ends' errors",
        )
        for split in SPLITS
    ),
    compute=compute,
    derived_from="instability",
    Options=Options,
)
