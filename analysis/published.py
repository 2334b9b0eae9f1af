"""What the papers print in numbers, as data, and our cells held against it.

LMC: Frankle, Dziugaite, Roy and Carbin, "Linear Mode Connectivity and the Lottery Ticket
Hypothesis". Only what its text and tables say is here, nothing read off a figure. Unmasking
prints neither accuracies nor onsets with their sparsity: `published_unmasking` has its numbers.

Everything is keyed by the name of a built-in recipe. A recipe with overrides goes by another
name, and nothing is published for it. Accuracies are percentages, deviations of them points,
sparsities the percentage of weights left, rewind points k in iterations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from analysis.records import RECIPE, REWIND, STRATEGY, WEIGHTS_LEFT
from analysis.strategies import CONTROLS, DENSE, IMP, RANDOM_PRUNING, RANDOM_REINIT

Verdict = Literal["stable", "matching"]
VERDICTS: tuple[Verdict, ...] = ("stable", "matching")

IMAGENET_EPOCH = math.ceil(1_281_167 / 1024)
"""Iterations, 1252: ImageNet's training examples in batches of 1024, the last one smaller. LMC
counts in epochs here, and does not say what becomes of the last batch."""


@dataclass(frozen=True)
class Accuracy:
    """Mean test accuracy (%) of the trained networks of one cell."""

    recipe: str
    strategy: str
    weights_left: float
    """%, one decimal, as printed."""

    rewind: int
    accuracy: float
    std: float
    """Points; NaN where none is printed."""

    source: str


@dataclass(frozen=True)
class Onset:
    """The rewind point from which networks of one sparsity are stable, or matching."""

    recipe: str
    strategy: str
    weights_left: float
    """%, one decimal, as printed."""

    verdict: Verdict
    iteration: int | None
    """None: at no rewind point measured."""

    source: str
    epoch: int | None = None
    """Where the paper counts in epochs; `iteration` is then worked out from it."""

    about: bool = False
    """Whether the paper gives the point as one that others "closely coincide" with."""

    note: str = ""
    """What the paper restricts it by."""

    @property
    def text(self) -> str:
        """As in a table: "about 6260 (epoch 5)"."""
        if self.iteration is None:
            return self.note or "never"
        remark = f"epoch {self.epoch}" if self.epoch is not None else self.note
        return "about " * self.about + str(self.iteration) + (f" ({remark})" if remark else "")


# --- accuracies: LMC Tables 1 and 2 -----------------------------------------------------


def _rows(
    recipe: str,
    full: float,
    std: float,
    weights_left: float,
    imp: float,
    random_pruning: float,
    random_reinit: float,
) -> tuple[Accuracy, ...]:
    """A network's row of Table 1 (`full`, `std`, `weights_left`) and of Table 2 (the rest).

    Table 1's networks are trained from initialisation in one go, as our dense arms are that are
    copied at k = 0; those copied later share their first k iterations. Table 2 rewinds to
    iteration 0, at Table 1's sparsity; its column of dense networks repeats Table 1's.
    """
    sparse = {IMP: imp, RANDOM_PRUNING: random_pruning, RANDOM_REINIT: random_reinit}
    return (
        Accuracy(recipe, DENSE, 100.0, 0, full, std, "LMC Table 1"),
        *(
            Accuracy(recipe, strategy, weights_left, 0, accuracy, math.nan, "LMC Table 2")
            for strategy, accuracy in sparse.items()
        ),
    )


ACCURACIES: tuple[Accuracy, ...] = (
    *_rows("lenet-mnist", 98.3, 0.1, 3.5, 98.2, 96.7, 97.5),
    *_rows("resnet20-cifar10", 91.7, 0.1, 16.8, 88.5, 88.6, 88.8),
    *_rows("resnet20-cifar10-low", 88.8, 0.1, 8.6, 89.0, 85.7, 84.7),
    *_rows("resnet20-cifar10-warmup", 89.7, 0.3, 8.6, 89.6, 85.7, 85.6),
    *_rows("vgg16-cifar10", 93.7, 0.1, 1.5, 90.9, 89.4, 91.0),
    *_rows("vgg16-cifar10-low", 91.7, 0.1, 5.5, 91.6, 90.1, 90.2),
    *_rows("vgg16-cifar10-warmup", 93.4, 0.1, 1.5, 93.2, 90.1, 90.7),
    *_rows("resnet50-imagenet", 76.1, 0.1, 30.0, 73.7, 73.1, 73.4),
    *_rows("inceptionv3-imagenet", 78.1, 0.1, 30.0, 75.7, 75.2, 75.5),
)

EXTREME = {row.recipe: row.weights_left for row in ACCURACIES if row.strategy == IMP}
"""The extreme sparsity of each recipe (LMC Table 1 and appendix B): % of weights left."""


# --- onsets: LMC sections 3 and 4.3 -----------------------------------------------------


def _dense(recipe: str, iteration: int, epoch: int | None = None) -> Onset:
    """Section 3: the test set's; of the low and warm-up variants it gives none."""
    return Onset(recipe, DENSE, 100.0, "stable", iteration, "LMC section 3", epoch)


def _imp_from_start(recipe: str, note: str = "") -> tuple[Onset, ...]:
    """Stable and matching when rewound to 0; stable at every later k, matching but for `note`."""
    left, source = EXTREME[recipe], "LMC section 4.3"
    return (
        Onset(recipe, IMP, left, "stable", 0, source),
        Onset(recipe, IMP, left, "matching", 0, source, note=note),
    )


def _imp(recipe: str, iteration: int, epoch: int | None = None) -> tuple[Onset, ...]:
    """Stable from k on; the points where they become matching "closely coincide" with those."""
    left, source = EXTREME[recipe], "LMC section 4.3"
    return (
        Onset(recipe, IMP, left, "stable", iteration, source, epoch),
        Onset(recipe, IMP, left, "matching", iteration, source, epoch, about=True),
    )


def _controls(recipe: str) -> tuple[Onset, ...]:
    """ "Unstable and non-matching at all rewinding points", LeNet's excepted."""
    return tuple(
        Onset(recipe, strategy, EXTREME[recipe], verdict, None, "LMC section 4.3")
        for strategy in CONTROLS
        for verdict in VERDICTS
    )


_LATEST = "not at the latest k"


def _lenet_controls() -> tuple[Onset, ...]:
    """Of iteration 0 alone: stable, as "error only rises slightly", but "not matching"."""
    recipe, source = "lenet-mnist", "LMC section 4.3"
    return tuple(
        onset
        for strategy in CONTROLS
        for onset in (
            Onset(recipe, strategy, EXTREME[recipe], "stable", 0, source, note="of k = 0 alone"),
            Onset(recipe, strategy, EXTREME[recipe], "matching", None, source, note="not at 0"),
        )
    )


ONSETS: tuple[Onset, ...] = (
    _dense("lenet-mnist", 0),
    _dense("resnet20-cifar10", 2000),
    _dense("vgg16-cifar10", 1000),
    _dense("resnet50-imagenet", 18 * IMAGENET_EPOCH, epoch=18),
    _dense("inceptionv3-imagenet", 28 * IMAGENET_EPOCH, epoch=28),
    *_imp_from_start("lenet-mnist"),
    *_imp_from_start("resnet20-cifar10-low", _LATEST),
    *_imp_from_start("resnet20-cifar10-warmup"),
    *_imp_from_start("vgg16-cifar10-low", _LATEST),
    *_imp_from_start("vgg16-cifar10-warmup"),
    *_imp("resnet20-cifar10", 500),
    *_imp("vgg16-cifar10", 1000),
    *_imp("resnet50-imagenet", 5 * IMAGENET_EPOCH, epoch=5),
    *_imp("inceptionv3-imagenet", 6 * IMAGENET_EPOCH, epoch=6),
    *_lenet_controls(),
    *(onset for recipe in EXTREME if recipe != "lenet-mnist" for onset in _controls(recipe)),
)

SOURCES = ("LMC Table 1", "LMC Table 2", "LMC section 3", "LMC section 4.3")
"""Of all of these, in the order in which the paper has them."""


# --- ours beside theirs -----------------------------------------------------------------

# 19 rounds of 20 % leave 1.44 % of what is prunable, where LMC prints 1.5 % for VGG-16. The
# authors' OpenLTH does not prune the output layer but counts its weights: 1.475 %. We count only
# weights that can go. Its other sparsities print the same either way.
_PRINTED_AS = {("vgg16-cifar10", "1.4"): "1.5", ("vgg16-cifar10-warmup", "1.4"): "1.5"}


def printed_sparsity(recipe: str, weights_left: float) -> str:
    """Our percentage of weights left as LMC prints it, to one decimal: 3.52 as "3.5"."""
    text = f"{weights_left:.1f}"
    return _PRINTED_AS.get((recipe, text), text)


_ACCURACY_OF = {(a.recipe, a.strategy, f"{a.weights_left:.1f}", a.rewind): a for a in ACCURACIES}
_ONSET_OF = {(o.recipe, o.strategy, f"{o.weights_left:.1f}", o.verdict): o for o in ONSETS}


def accuracy_of(recipe: str, strategy: str, weights_left: float, rewind: int) -> Accuracy | None:
    """What is published for a cell of ours; `weights_left` (%) is compared as printed."""
    return _ACCURACY_OF.get((recipe, strategy, printed_sparsity(recipe, weights_left), rewind))


def onset_of(recipe: str, strategy: str, weights_left: float, verdict: Verdict) -> Onset | None:
    """What is published for a line of ours; `weights_left` (%) is compared as printed."""
    return _ONSET_OF.get((recipe, strategy, printed_sparsity(recipe, weights_left), verdict))


def beside(cells: pd.DataFrame) -> pd.DataFrame:
    """The same cells, in the same order, with what is published for each and how far ours is.

    Added columns: `paper_accuracy` (%) and `paper_accuracy_std` (points), NaN where nothing is
    printed; `paper_source`, None there; and `deviation`, |ours - paper| in units of our standard
    deviation plus the paper's. Where the paper prints none its own counts as 0, so that the
    deviation is the largest it can be. It is NaN where nothing is published, for a single
    arm, which has no standard deviation, and where the sum of both is 0.
    """
    places = zip(cells[RECIPE], cells[STRATEGY], cells[WEIGHTS_LEFT], cells[REWIND], strict=True)
    found = [accuracy_of(*place) for place in places]
    paper = pd.DataFrame(
        {
            "accuracy": [math.nan if row is None else row.accuracy for row in found],
            "std": [math.nan if row is None else row.std for row in found],
        },
        index=cells.index,
        dtype="float64",
    )
    unit = cells["accuracy_test_std"] + paper["std"].fillna(0.0)
    away = (cells["accuracy_test"] - paper["accuracy"]).abs()
    return cells.assign(
        paper_accuracy=paper["accuracy"],
        paper_accuracy_std=paper["std"],
        paper_source=pd.Series(
            [None if row is None else row.source for row in found],
            index=cells.index,
            dtype="object",
        ),
        deviation=(away / unit.where(unit > 0)),
    )
