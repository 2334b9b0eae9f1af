"""LMC appendix C: the error of the network at iteration k, and how far training moves it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

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
from analysis.figures.style import INK
from analysis.strategies import DENSE, IMP, strategy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.study import Study

ERRORS = {
    "rewinding_error_test": Curve([], [], [], INK, "test error of W_k"),
    "rewinding_error_train": Curve([], [], [], INK, "train error of W_k", DASHED, ""),
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
    drawn, axes = grid(2 * len(shown), len(studies), height=1.7)
    every: list[Curve] = []
    for i, name in enumerate(shown):
        for j, study in enumerate(studies):
            level = 0 if name == DENSE else study.level
            for panel, columns in zip(
                (axes[2 * i][j], axes[2 * i + 1][j]), (ERRORS, DISTANCES), strict=True
            ):
                curves = [
                    Curve.of(line_of(study, column, name, level), "rewind", "mean", like)
                    for column, like in columns.items()
                ]
                against_k(panel, curves, ticks_of(curves))
                every += curves
            if i == 0:
                titled(axes[0][j], study)
            axes[-1][j].set_xlabel("iteration k")
        label = strategy(name).label
        axes[2 * i][0].set_ylabel(f"{label}\nerror (%)")
        axes[2 * i + 1][0].set_ylabel(f"{label}\nL2 distance")
        from_zero(axes[2 * i][0])
        from_zero(axes[2 * i + 1][0])
    legend(drawn, every)
    return drawn


FIGURE = PaperFigure(
    name="app-c",
    source="LMC appendix C",
    title="State at rewinding",
    needs=lambda study: _measured(study, DENSE) or _measured(study, IMP),
    draw=_draw,
    caption="Error of the network at iteration k, before its copies are trained; and L2 distances "
    "from initialisation to it, from it to the trained copies, and between these: mean and "
    "standard deviation over samples. Of subnetworks the mask is on every network.",
    alt="Line charts of error and of L2 distances against k, a panel per sweep and strategy. "
    "The numbers are in the tables of measures.",
)
