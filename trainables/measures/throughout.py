"""Instability of two copies' states throughout training (LMC appendix D)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainables.measures import instability
from trainables.measures.instability import SPLITS
from trainables.measures.measure import Column, Measure, Values, Work

if TYPE_CHECKING:
    from trainables.measures.context import Context
    from trainables.weights import Weights


@dataclass(frozen=True)
class Options(instability.Options):
    every: int | str = "1 epoch"
    """Iterations from one measurement to the next, "5 %" of training, or "1 epoch": at the
    multiples of this after k, and at the end."""
    keep: bool = False
    """Whether the states that are measured stay in the store; if not, none does."""


def compute(weights: Sequence[Weights], context: Context, options: Options) -> Values:
    """Return instability and mean accuracy (%) of two copies as they are at an iteration."""
    found = instability.compute(weights, context, options)
    return {
        f"throughout_{name}_{split}": found[f"{name}_{split}"]
        for name in ("instability", "accuracy")
        for split in SPLITS
    }


def _work(options: Options) -> Work:
    """Return what each of the measurements takes."""
    return instability.MEASURE.work(options)


MEASURE = Measure(
    name="throughout",
    columns=tuple(
        Column(name=f"throughout_{name}_{split}", unit="%", axis="iteration", about=about)
        for name, about in (
            ("instability", "instability of the copies' states while they are trained"),
            ("accuracy", "mean accuracy of the copies while they are trained"),
        )
        for split in SPLITS
    ),
    compute=compute,
    while_training=True,
    Options=Options,
    work=_work,
    takes_diverged=True,
)
