"""What LMC Figures 3 and 6 have in common: instability against k, test and train."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from analysis.figures import words
from analysis.figures.lmc.figure import (
    PAPER,
    Curve,
    against_k,
    at_iteration,
    dashed_train,
    from_zero,
    grid,
    legend,
    look,
    on_train,
    stable_below,
    threshold,
    ticks_of,
    titled,
)
from analysis.published import onset_of
from analysis.records import REWIND
from analysis.strategies import DENSE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.study import Study


def measured(study: Study, strategies: Sequence[str]) -> bool:
    """Whether some of these strategies were measured at two k or more."""
    return any(len(_known(study.line(name, study.level))) > 1 for name in strategies)


def draw(studies: Sequence[Study], strategies: Sequence[str]) -> Figure:
    """A panel per sweep, a line per strategy and split; a dotted line is the paper's onset."""
    drawn, [axes] = grid(1, len(studies), height=2.4)
    every, published = [], False
    for panel, study in zip(axes, studies, strict=True):
        curves = [curve for name in strategies for curve in _curves(study, name)]
        ticks = ticks_of(curves)
        against_k(panel, curves, ticks)
        threshold(panel, study.stable_below)
        name = strategies[0]
        line = study.line(name, study.level)
        if len(line):
            onset = onset_of(study.recipe, name, float(line["weights_left"].mean()), "stable")
            if onset is not None and onset.iteration is not None:
                at_iteration(panel, onset.iteration, ticks)
                published = True
        titled(panel, study, None if strategies[0] == DENSE else study.level)
        words.name_x(panel, "rewind iteration k")
        every += curves
    words.name_y(axes, "instability (%)")
    from_zero(axes[0])
    extra = [dashed_train(), stable_below(studies), *([PAPER] if published else [])]
    legend(drawn, every, extra)
    return drawn


def _curves(study: Study, name: str) -> list[Curve]:
    level = 0 if name == DENSE else study.level
    line = _known(study.line(name, level))
    if line.empty:
        return []
    test = Curve.of(line, REWIND, "instability_test", look(name))
    stable = [bool(one) if not pd.isna(one) else True for one in line["stable"]]
    train = on_train(Curve.of(line, REWIND, "instability_train", look(name)))
    return [replace(test, filled=stable), train]


def _known(line: pd.DataFrame) -> pd.DataFrame:
    return line[line["instability_test"].notna()]
