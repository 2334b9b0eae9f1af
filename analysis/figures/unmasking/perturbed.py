"""Unmasking appendix D: the path from the dense network to one that was perturbed at W_k."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.figures import words
from analysis.figures.lmc.figure import (
    Curve,
    PaperFigure,
    draw_curve,
    from_zero,
    grid,
    legend,
    titled,
)
from analysis.figures.lmc.sparse_error import dense_band, dense_band_entry
from analysis.figures.unmasking.common import along_levels, at_most, at_most_entry, lines_of
from analysis.strategies import PERTURBED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.study import Study


def _draw(studies: Sequence[Study]) -> Figure:
    drawn, [axes] = grid(1, len(studies), height=2.6)
    every: list[Curve] = []
    for panel, study in zip(axes, studies, strict=True):
        for curve in lines_of(along_levels(study, PERTURBED), "place"):
            draw_curve(panel, curve)
            every.append(curve)
        dense_band(panel, study)
        at_most(panel, study)
        words.ticks(panel.xaxis, {0.0: "dense", 0.5: "halfway", 1.0: "perturbed"}, (0.0, 1.0))
        words.name_x(panel, "share of the way")
        from_zero(panel)
        titled(panel, study)
    words.name_y(axes, "test error (%)")
    legend(drawn, every, [dense_band_entry(), at_most_entry()])
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
