"""Accuracy and loss of a trained network: what can be said of it without a second one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trainables.measures.instability import SPLITS
from trainables.measures.measure import Column, Measure, Values, Work

if TYPE_CHECKING:
    from trainables.measures.context import Context
    from trainables.weights import Weights


@dataclass(frozen=True)
class Options:
    train_examples: int | None = None
    """Training examples, a fixed sample, that the train split is; None: all."""


def compute(weights: Sequence[Weights], context: Context, options: Options) -> Values:
    """Return accuracy (%) and mean cross-entropy (nats) on each split, and whether it diverged.

    A network is `diverged` if its weights, or its loss on either split, are not finite.
    """
    from trainables.measures.context import finite

    (network,) = weights
    values: dict[str, Any] = {"diverged": not finite(network)}
    for split in SPLITS:
        score = context.score(network, split)
        values |= {f"accuracy_{split}": 100 - score.error, f"loss_{split}": score.loss}
        values["diverged"] |= not math.isfinite(score.loss)
    return values


MEASURE = Measure(
    name="accuracy",
    arity=1,
    columns=(
        *(
            Column(name=f"accuracy_{split}", unit="%", low=0, high=100, about=f"{split} accuracy")
            for split in SPLITS
        ),
        *(
            Column(name=f"loss_{split}", unit="nats", low=0, about=f"{split} loss")
            for split in SPLITS
        ),
        Column(name="diverged"),
    ),
    compute=compute,
    Options=Options,
    work=lambda options: Work(passes=1, train_examples=options.train_examples),
    takes_diverged=True,
)
