"""LMC appendix E: instability and error against k, at every sparsity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from analysis.figures import words
from analysis.figures.lmc.figure import (
    SPARSE,
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
)
from analysis.figures.lmc.sparse_error import dense_band, dense_band_entry, error_curve
from analysis.figures.panels import begin, chosen, left_out
from analysis.formats import weights
from analysis.records import REWIND

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from analysis.study import Study

MOST = 8
"""Levels side by side: of more, some are drawn, the first and the last among them."""


def _draw(studies: Sequence[Study]) -> Figure:
    columns = max(len(chosen(study.levels, MOST)) for study in studies)
    drawn, axes = grid(2 * len(studies), columns, height=1.7, least=9.5, most=MOST)
    every: list[Curve] = []
    says: list[str] = []
    for number, study in enumerate(studies):
        pair = axes[2 * number], axes[2 * number + 1]
        levels = chosen(study.levels, MOST)
        for j in range(columns):
            if j >= len(levels):
                pair[0][j].remove()
                pair[1][j].remove()
                continue
            every += _column(study, levels[j], pair[0][j], pair[1][j])
        of = f"{study.name}\n" if len(studies) > 1 else ""
        words.name_y(begin(pair[0][: len(levels)]), f"{of}test instability (%)")
        words.name_y(begin(pair[1][: len(levels)]), f"{of}test error (%)")
        from_zero(pair[0][0])
        says.append(left_out("level", study.levels, levels))
    legend(drawn, every, [stable_below(studies), dense_band_entry()])
    words.note(drawn, *dict.fromkeys(says))
    return drawn


def _column(study: Study, level: int, above: Axes, below: Axes) -> list[Curve]:
    lines = [(name, study.line(name, level)) for name in SPARSE]
    lines = [(name, line) for name, line in lines if len(line)]
    unstable, errors = [], []
    for name, line in lines:
        known = line[line["instability_test"].notna()]
        stable = [bool(one) if not pd.isna(one) else False for one in known["stable"]]
        curve = Curve.of(known, REWIND, "instability_test", look(name))
        unstable.append(replace(curve, filled=stable))
        matching = [bool(one) if not pd.isna(one) else False for one in line["matching"]]
        errors.append(replace(error_curve(line, look(name)), filled=matching))
    ticks = ticks_of([*unstable, *errors])
    against_k(above, unstable, ticks)
    against_k(below, errors, ticks)
    threshold(above, study.stable_below)
    dense_band(below, study)
    words.title(above, f"{weights(study.left(level))} % left")
    words.name_x(below, "k")
    return unstable


FIGURE = PaperFigure(
    name="app-e",
    source="LMC appendix E",
    title="All sparsities",
    needs=lambda study: len(study.levels) > 1,
    draw=_draw,
    caption="Instability (above) and test error (below) against the rewind iteration, at each "
    "sparsity: mean, with standard deviations over samples and over inits. Filled markers "
    "are stable above, and matching below.",
    alt="Two rows of line charts against k, a column per sparsity.",
    beyond=False,
)
