"""How differently two networks answer (LMC appendix H)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainables.measures.measure import Column, Measure, Values, Work

if TYPE_CHECKING:
    from trainables.measures.context import Context, SplitName
    from trainables.weights import Weights

SPLITS: tuple[SplitName, ...] = ("test", "train")


@dataclass(frozen=True)
class Options:
    train_examples: int | None = None
    """Training examples, a fixed sample, that the train split is; None: all."""


def compute(weights: Sequence[Weights], context: Context, options: Options) -> Values:
    """Return the examples that two networks classify differently, and how their losses differ.

    For each split: `disagreement_SPLIT`, the share in % of the examples to which they give
    different classes, right or wrong; `disagreement_of_errors_SPLIT`, these examples divided by the
    sum of both networks' errors, which is at most 1 unless examples are wrong in two ways (NaN
    without errors); and `disagreement_losses_SPLIT`, the L2 distance in nats of their vectors of
    cross-entropies, an entry per example. Where an example has several labels, each of them counts
    as an example.
    """
    values = {}
    for split in SPLITS:
        first, second = (context.answers(one, split) for one in weights)
        labels = context.split(split).labels.cpu()
        different = int((first.predicted != second.predicted).sum())
        wrong = sum(int((one.predicted != labels).sum()) for one in (first, second))
        values[f"disagreement_{split}"] = 100 * different / labels.numel()
        values[f"disagreement_of_errors_{split}"] = different / wrong if wrong else math.nan
        losses = (first.losses.double() - second.losses.double()).square().sum().sqrt()
        values[f"disagreement_losses_{split}"] = float(losses)
    return values


MEASURE = Measure(
    name="disagreement",
    columns=tuple(
        column
        for split in SPLITS
        for column in (
            Column(
                name=f"disagreement_{split}",
                unit="%",
                low=0,
                high=100,
                about="examples that the two networks classify differently",
            ),
            Column(
                name=f"disagreement_of_errors_{split}",
                low=0,
                about="such examples divided by the sum of both networks' errors",
            ),
            Column(
                name=f"disagreement_losses_{split}",
                unit="nats",
                low=0,
                about="L2 distance of the two networks' losses on each example",
            ),
        )
    ),
    compute=compute,
    Options=Options,
    work=lambda options: Work(passes=2, train_examples=options.train_examples),
)
