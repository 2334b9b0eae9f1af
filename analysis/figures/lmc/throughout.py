"""LMC appendix D: instability of two copies' states throughout training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from analysis.figures import words
from analysis.figures.lmc.figure import (
    Curve,
    PaperFigure,
    draw_curve,
    from_zero,
    grid,
    legend,
    of_k,
    stable_below,
    threshold,
    titled,
)
from analysis.figures.scales import iteration_axis
from analysis.records import INIT_SEED, LEVEL, REWIND, SPLITS, STRATEGY
from analysis.statistics import estimate
from analysis.strategies import DENSE, IMP, strategy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.study import Study

COLUMN = "throughout_instability_"


def progress_of(study: Study, name: str) -> pd.DataFrame:
    """Instability of a strategy at each iteration and k: mean and deviation over samples.

    Columns `rewind`, `iteration`, `n` (samples), and in % `test`, `test_std`, and the same of
    `train`.
    """
    level = 0 if name == DENSE else study.level
    trials = study.usual
    own = trials[(trials[STRATEGY] == name) & (trials[LEVEL] == level)]
    if "iteration" not in study.progress or own.empty:
        return pd.DataFrame()
    joined = study.progress.merge(own[["trial", REWIND, INIT_SEED]], on="trial")
    rows = []
    for (k, at), group in joined.groupby([REWIND, "iteration"]):
        row = {REWIND: k, "iteration": at}
        for split in SPLITS:
            found = estimate(group[f"{COLUMN}{split}"], group[INIT_SEED])
            row |= {split: found.mean, f"{split}_std": found.std, "n": found.n}
        rows.append(row)
    return pd.DataFrame(rows)


def _draw(studies: Sequence[Study]) -> Figure:
    shown = [n for n in (DENSE, IMP) if any(not progress_of(one, n).empty for one in studies)]
    rows = [(name, split) for name in shown for split in SPLITS]
    drawn, axes = grid(len(rows), len(studies), height=1.75)
    every: list[Curve] = []
    for i, (name, split) in enumerate(rows):
        for j, study in enumerate(studies):
            panel = axes[i][j]
            found = progress_of(study, name)
            looks = of_k(study.usual[REWIND].unique())
            for k, line in found.groupby(REWIND) if len(found) else ():
                curve = Curve.of(line, "iteration", split, looks[int(str(k))])
                draw_curve(panel, curve)
                every.append(curve)
            iteration_axis(panel)
            threshold(panel, study.stable_below)
            if i == 0:
                titled(panel, study)
            if i + 1 == len(rows):
                words.name_x(panel, "iteration")
        words.name_y(axes[i], f"{strategy(name).label}\n{split} instability (%)")
        from_zero(axes[i][0])
    legend(drawn, every, [stable_below(studies)])
    return drawn


FIGURE = PaperFigure(
    name="app-d",
    source="LMC appendix D",
    title="Instability throughout training",
    needs=lambda study: any(not progress_of(study, name).empty for name in (DENSE, IMP)),
    draw=_draw,
    caption="Instability of the two copies’ states as they are trained from iteration k on: mean "
    "and standard deviation over samples. The last point is the instability of the trained "
    "copies.",
    alt="Line charts of instability against the iteration of training, a line per k, a panel per "
    "sweep, strategy and split.",
)
