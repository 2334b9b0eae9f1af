"""Instability of a network to SGD noise (LMC section 2, Algorithm 1)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from trainables.measures.measure import Column, Measure, Values, Work

if TYPE_CHECKING:
    from trainables.measures.context import Context, SplitName
    from trainables.weights import Weights

SPLITS: tuple[SplitName, ...] = ("test", "train")


@dataclass(frozen=True)
class Options:
    points: int = 30
    """Evenly spaced points of the path, ends included (LMC section 2)."""
    train_examples: int | None = None
    """Training examples, a fixed sample, that errors on the train split are of; None: all."""
    batchnorm: Literal["interpolate", "recalibrate"] = "interpolate"
    """BatchNorm's running statistics between the ends: interpolated as the weights are (LMC), or
    recomputed on training batches at each point (Jordan et al., 2022)."""
    batchnorm_batches: int = 32
    """Batches for `recalibrate`."""

    def __post_init__(self) -> None:
        if self.batchnorm_batches < 1:
            raise ValueError(f"batchnorm_batches must be at least 1, not {self.batchnorm_batches}")
        if self.batchnorm == "interpolate" and self.batchnorm_batches != 32:
            raise ValueError("batchnorm_batches is for batchnorm: recalibrate")
        if self.points < 3:
            raise ValueError(f"points must be at least 3, not {self.points}")


def instability(errors: Sequence[float]) -> float:
    """Return the highest error along a path minus the mean of its ends' errors, in their unit."""
    return max(errors) - (errors[0] + errors[-1]) / 2


def compute(weights: Sequence[Weights], context: Context, options: Options) -> Values:
    """Return error (%) and loss (nats) along the path from network 2 (alpha 0) to network 1.

    For each split, `path_error_SPLIT` and `path_loss_SPLIT` (lists of `points` values),
    `instability_SPLIT`, and the networks' accuracies `accuracy_SPLIT_1`, `_2` and their mean
    `accuracy_SPLIT`, all in percent but the loss; `diverged_1`, `diverged_2`: whether a network's
    weights, or its loss on either split, are not finite; and `test_examples` and `majority_test`,
    the number of labels of test examples and the share of the most frequent class among them in
    percent.
    With a diverged end `instability_SPLIT` is NaN: such a network gets every example wrong, so the
    path would look flat.
    """
    from trainables.measures.context import finite

    first, second = weights
    labels = context.split("test").labels.flatten()
    results: dict[str, Any] = {
        "diverged_1": not finite(first),
        "diverged_2": not finite(second),
        "test_examples": len(labels),
        "majority_test": 100 * int(labels.bincount().max()) / len(labels),
    }
    statistics = None
    if options.batchnorm == "recalibrate":
        statistics = context.recalibrated(first, second, options.points, options.batchnorm_batches)
    for split in SPLITS:
        scores = context.path(first, second, options.points, split, statistics)
        errors = [score.error for score in scores]
        results[f"path_error_{split}"] = errors
        results[f"path_loss_{split}"] = [score.loss for score in scores]
        results["diverged_1"] |= not math.isfinite(scores[-1].loss)
        results["diverged_2"] |= not math.isfinite(scores[0].loss)
        results[f"instability_{split}"] = instability(errors)
        results[f"accuracy_{split}_1"] = 100 - errors[-1]
        results[f"accuracy_{split}_2"] = 100 - errors[0]
        results[f"accuracy_{split}"] = 100 - (errors[0] + errors[-1]) / 2
    if results["diverged_1"] or results["diverged_2"]:
        results |= {f"instability_{split}": math.nan for split in SPLITS}
    return results


def _columns() -> tuple[Column, ...]:
    per_split = [
        column
        for split in SPLITS
        for column in (
            Column(
                name=f"instability_{split}",
                unit="%",
                about="highest error on the path minus the mean of its ends",
            ),
            Column(name=f"accuracy_{split}", unit="%", about="mean accuracy of the two networks"),
            Column(name=f"accuracy_{split}_1", unit="%"),
            Column(name=f"accuracy_{split}_2", unit="%"),
            Column(name=f"path_error_{split}", unit="%", axis="alpha"),
            Column(name=f"path_loss_{split}", unit="nats", axis="alpha"),
        )
    ]
    ends = ("diverged_1", "diverged_2", "test_examples", "majority_test")
    return (*per_split, *(Column(name=name) for name in ends))


def _work(options: Options) -> Work:
    """Return what it takes: the path, and where statistics are recomputed, the points between."""
    recalibrated = options.batchnorm == "recalibrate"
    return Work(
        points=options.points,
        train_examples=options.train_examples,
        batches=(options.points - 2) * options.batchnorm_batches if recalibrated else 0,
    )


MEASURE = Measure(
    name="instability",
    columns=_columns(),
    compute=compute,
    version=3,
    Options=Options,
    work=_work,
    takes_diverged=True,
)
