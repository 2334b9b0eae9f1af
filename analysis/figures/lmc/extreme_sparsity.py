"""LMC appendix B: accuracy at each sparsity, of IMP at its best rewind point and of controls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.figures import marks, words
from analysis.figures.lmc.figure import (
    Curve,
    PaperFigure,
    grid,
    legend,
    look,
    side_by_side,
    titled,
)
from analysis.figures.lmc.sparse_error import dense_band_entry
from analysis.figures.style import INK, scaled
from analysis.formats import weights
from analysis.records import LEVEL, REWIND, STRATEGY, WEIGHTS_LEFT
from analysis.sparsities import best_by_level, extreme_level
from analysis.strategies import CONTROLS, DENSE, strategy

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from analysis.study import Study


def _draw(studies: Sequence[Study]) -> Figure:
    drawn, [axes] = grid(1, len(studies), height=2.4)
    every: list[Curve] = []
    for panel, study in zip(axes, studies, strict=True):
        best = best_by_level(study.cells)
        lefts = sorted(best[WEIGHTS_LEFT].round(6), reverse=True)
        curves = [_curve(best, look("imp", "IMP, best k"), lefts)]
        for name in CONTROLS:
            of = study.cells
            first = of[(of[STRATEGY] == name) & (of[REWIND] == of[REWIND].min()) & (of[LEVEL] > 0)]
            first = first[first["accuracy_test"].notna()].sort_values(LEVEL)
            if len(first):
                k = int(first[REWIND].iloc[0])
                curves.append(_curve(first, look(name, f"{strategy(name).label}, k = {k}"), lefts))
        side_by_side(panel, curves)
        reference = study.reference
        if reference is not None:
            panel.axhline(reference.mean, color=strategy(DENSE).color, lw=scaled(1), zorder=1)
            if not np.isnan(reference.std):
                low, high = reference.mean - reference.std, reference.mean + reference.std
                grey = strategy(DENSE).color
                panel.axhspan(low, high, zorder=0, **marks.band(grey))
        level = extreme_level(study.cells, reference)
        if level is not None:
            x = lefts.index(round(study.left(level), 6))
            panel.axvline(x, color=INK, lw=scaled(0.8), ls=":", zorder=1)
        words.ticks(panel.xaxis, {i: weights(left) for i, left in enumerate(lefts)})
        panel.set_xlim(-0.5, len(lefts) - 0.5)
        titled(panel, study)
        words.name_x(panel, "weights left (%)")
        every += curves
    words.name_y(axes, "test accuracy (%)")
    legend(drawn, every, [dense_band_entry()])
    return drawn


def _curve(frame: pd.DataFrame, like: Curve, lefts: list[float]) -> Curve:
    frame = frame[frame[WEIGHTS_LEFT].round(6).isin(lefts)]
    at = frame.assign(x=[lefts.index(left) for left in frame[WEIGHTS_LEFT].round(6)])
    of = Curve.of(at, "x", "accuracy_test", like, n="accuracy_inits")
    return replace(of, ticks=[weights(left) for left in at[WEIGHTS_LEFT]])


FIGURE = PaperFigure(
    name="app-b",
    source="LMC appendix B",
    title="Extreme sparsity",
    needs=lambda study: len(best_by_level(study.cells)) > 1,
    draw=_draw,
    caption="Test accuracy of IMP at the rewind point that suits each sparsity best, and of the "
    "controls at the smallest k: mean and standard deviation over inits. The dotted line is "
    "the extreme sparsity: the sparsest level at which the bands of IMP and of the dense "
    "networks overlap.",
    alt="Line charts of test accuracy against the weights left, a panel per sweep.",
)
