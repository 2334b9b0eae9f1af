"""What LMC's figures of whole paths have in common: error against alpha, a line per k."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from analysis.figures import words
from analysis.figures.lmc.figure import Curve, draw_curve, from_zero, grid, legend, of_k, titled
from analysis.records import LEVEL, PATH_ERROR, REWIND, STRATEGY, split_metric
from analysis.strategies import DENSE, strategy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.study import Study

Row = tuple[str, str]
"""A strategy and a split: a row of panels."""


def measured(study: Study, rows: Sequence[Row]) -> bool:
    """Whether there are paths of each of these rows' first."""
    return not _of(study, *rows[0]).empty


def draw(studies: Sequence[Study], rows: Sequence[Row]) -> Figure:
    """A row per strategy and split, a column per sweep: mean and deviation over samples."""
    rows = [row for row in rows if any(not _of(study, *row).empty for study in studies)]
    drawn, axes = grid(len(rows), len(studies), height=1.75)
    every: list[Curve] = []
    for i, (name, split) in enumerate(rows):
        for j, study in enumerate(studies):
            panel = axes[i][j]
            curves = _curves(study, name, split)
            for curve in curves:
                draw_curve(panel, curve)
            if i == 0:
                titled(panel, study, None if name == DENSE else study.level)
            if i + 1 == len(rows):
                words.name_x(panel, "α")
            words.ticks(panel.xaxis, {0.0: "0", 0.5: "0.5", 1.0: "1"})
            every += curves
        of = "" if name == DENSE else f"{strategy(name).label}\n"
        words.name_y(axes[i], f"{of}{split} error (%)")
        from_zero(axes[i][0])
    legend(drawn, every)
    return drawn


def _of(study: Study, name: str, split: str) -> pd.DataFrame:
    """Mean and deviation at each alpha and k of the trials that count."""
    samples = study.samples
    level = 0 if name == DENSE else study.level
    own = samples[samples["counts"] & (samples[STRATEGY] == name) & (samples[LEVEL] == level)]
    curves = study.curves
    if own.empty or curves.empty:
        return pd.DataFrame()
    joined = curves.merge(own[["trial", REWIND]], on="trial", validate="m:1")
    error = split_metric(PATH_ERROR, split)
    found = joined.groupby([REWIND, "alpha"])[error].agg(["mean", "std", "count"]).reset_index()
    return found.rename(columns={"mean": "error", "std": "error_std", "count": "n"})


def _curves(study: Study, name: str, split: str) -> list[Curve]:
    found = _of(study, name, split)
    if found.empty:
        return []
    looks = of_k(study.cells[REWIND].unique())
    return [
        Curve.of(line, "alpha", "error", looks[int(str(k))]) for k, line in found.groupby(REWIND)
    ]
