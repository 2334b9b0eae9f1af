"""Unmasking appendix D: the path from the dense network to one that was perturbed at W_k."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.figures.lmc.figure import (
    Curve,
    PaperFigure,
    draw_curve,
    from_zero,
    grid,
    legend,
    titled,
)
from analysis.figures.lmc.sparse_error import BAND, dense_band
from analysis.figures.style import iteration
from analysis.figures.unmasking.common import AT_MOST, along_levels, at_most, colors
from analysis.records import REWIND
from analysis.strategies import PERTURBED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.study import Study


def _draw(studies: Sequence[Study]) -> Figure:
    drawn, (axes,) = grid(1, len(studies), width=3.1, height=2.5)
    every: list[Curve] = []
    for panel, study in zip(axes, studies, strict=True):
        found = along_levels(study, PERTURBED)
        of = colors(sorted(found[REWIND].unique()))
        for k, line in found.groupby(REWIND):
            k = int(str(k))
            like = Curve([], [], [], of[k], f"k = {iteration(k)}", marker="")
            curve = Curve.of(line, "place", "error", like)
            draw_curve(panel, curve, curve.x)
            every.append(curve)
        dense_band(panel, study)
        at_most(panel, study)
        panel.set_xticks([0, 0.5, 1], ["dense", "halfway", "perturbed"])
        panel.set_xlabel("share of the way")
        from_zero(panel)
        titled(panel, study)
    axes[0].set_ylabel("test error (%)")
    legend(drawn, every, [BAND, AT_MOST])
    return drawn


DRAWN = {
    "u-app-d": PaperFigure(
        name="u-app-d",
        source="Unmasking appendix D",
        title="The dense network and its perturbed copy",
        needs=lambda study: len(along_levels(study, PERTURBED)) > 0,
        draw=_draw,
        caption="Test error on the straight line between the dense network and one that was "
        "trained from W_k after a random step as long as that which pruning to level 1 takes, a "
        "line per rewind iteration k: mean and standard deviation over inits. The grey band is the "
        "dense networks’ error.",
        alt="Line charts of test error on the way from the dense to the perturbed network, a line "
        "per k, a panel per sweep.",
    )
}
