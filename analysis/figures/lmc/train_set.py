"""LMC appendix G: instability and error of IMP on the train set, beside the test set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.figures import words
from analysis.figures.lmc.figure import (
    DASHED,
    Curve,
    PaperFigure,
    against_k,
    from_zero,
    grid,
    legend,
    look,
    stable_below,
    threshold,
    ticks_of,
    titled,
)
from analysis.figures.lmc.sparse_error import error_curve
from analysis.figures.style import ON_TRAIN
from analysis.records import REWIND
from analysis.strategies import IMP

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from analysis.study import Study


def _line(study: Study) -> pd.DataFrame:
    line = study.line(IMP, study.level)
    return line[line["instability_test"].notna()]


def _draw(studies: Sequence[Study]) -> Figure:
    drawn, axes = grid(2, len(studies), height=1.8)
    test, train = look(IMP, "test set"), look(IMP, "train set", DASHED)
    train = replace(train, color="#D55E00", marker=ON_TRAIN)
    every: list[Curve] = []
    for j, study in enumerate(studies):
        line = _line(study)
        unstable = [
            Curve.of(line, REWIND, "instability_test", test),
            Curve.of(line, REWIND, "instability_train", train),
        ]
        errors = [error_curve(line, test), error_curve(line, train, "train")]
        ticks = ticks_of(unstable)
        against_k(axes[0][j], unstable, ticks)
        against_k(axes[1][j], errors, ticks)
        threshold(axes[0][j], study.stable_below)
        titled(axes[0][j], study, study.level)
        words.name_x(axes[1][j], "rewind iteration k")
        every += unstable
    words.name_y(axes[0], "IMP: instability (%)")
    words.name_y(axes[1], "IMP: error (%)")
    from_zero(axes[0][0])
    from_zero(axes[1][0])
    legend(drawn, every, [stable_below(studies)])
    return drawn


FIGURE = PaperFigure(
    name="app-g",
    source="LMC appendix G",
    title="Train set",
    needs=lambda study: study.level is not None and len(_line(study)) > 1,
    draw=_draw,
    caption="Instability and error of IMP subnetworks on the test set and on the train set, "
    "against the rewind iteration: mean, with standard deviations over samples and over inits.",
    alt="Line charts of instability and error against k, a line per split, a panel per sweep.",
)
