"""LMC appendix C: the error of the network at iteration k, and how far training moves it."""

from __future__ import annotations

from collections.abc import Sequence
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
    ticks_of,
    titled,
)
from analysis.figures.lmc.means import line_of
from analysis.figures.style import INK, ON_TRAIN
from analysis.strategies import DENSE, IMP, strategy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.study import Study

ERRORS = {
    "rewinding_error_test": Curve([], [], [], INK, "test error of W_k"),
    "rewinding_error_train": Curve([], [], [], INK, "train error of W_k", DASHED, ON_TRAIN),
}
DISTANCES = {
    "rewinding_l2_from_init": Curve([], [], [], "#E69F00", "W_0 to W_k", marker="o"),
    "rewinding_l2_to_end": Curve([], [], [], "#56B4E9", "W_k to W_T", marker="s"),
    "rewinding_l2_between": Curve([], [], [], "#CC79A7", "between the copies’ W_T", marker="D"),
}


def _measured(study: Study, name: str) -> bool:
    level = 0 if name == DENSE else study.level
    return level is not None and len(line_of(study, "rewinding_error_test", name, level)) > 1


def _draw(studies: Sequence[Study]) -> Figure:
    shown = [name for name in (DENSE, IMP) if any(_measured(one, name) for one in studies)]
    rows = [(shown[0], "error of W_k (%)", ERRORS)]
    rows += [(name, f"{strategy(name).label}\nL2 distance", DISTANCES) for name in shown]
    drawn, axes = grid(len(rows), len(studies), height=1.75)
    every: list[Curve] = []
    for i, (name, label, columns) in enumerate(rows):
        for j, study in enumerate(studies):
            level = 0 if name == DENSE else study.level
            curves = [
                Curve.of(line_of(study, column, name, level), "rewind", "mean", like)
                for column, like in columns.items()
            ]
            against_k(axes[i][j], curves, ticks_of(curves))
            every += curves
            if i == 0:
                titled(axes[0][j], study)
            if i + 1 == len(rows):
                words.name_x(axes[i][j], "iteration k")
        words.name_y(axes[i], label)
        from_zero(axes[i][0])
    legend(drawn, every)
    return drawn


FIGURE = PaperFigure(
    name="app-c",
    source="LMC appendix C",
    title="State at rewinding",
    needs=lambda study: _measured(study, DENSE) or _measured(study, IMP),
    draw=_draw,
    caption="Error of the network at iteration k, before it is pruned and before copies are "
    "trained; and L2 distances from initialisation to it, from it to the trained copies, and "
    "between these: mean and standard deviation over samples. For the distances of subnetworks "
    "the mask is on every network.",
    alt="Line charts of error and of L2 distances against k, a panel per sweep and strategy.",
)
