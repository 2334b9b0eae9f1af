"""LMC Figure 8: from which iteration on subnetworks are stable and matching, at each sparsity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.figures import words
from analysis.figures.lmc.figure import (
    DASHED,
    SOLID,
    Curve,
    PaperFigure,
    grid,
    legend,
    look,
    side_by_side,
    titled,
)
from analysis.figures.scales import k_axis
from analysis.figures.style import FAINT, ON_MATCHING, iteration
from analysis.formats import weights
from analysis.records import LEVEL, REWIND, STRATEGY, WEIGHTS_LEFT
from analysis.sparsities import BOTH, RANGES, onsets_by_level, ranges
from analysis.strategies import strategy

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from analysis.study import Study

STYLES = {"stable": SOLID, "matching": DASHED}


def _needs(study: Study) -> bool:
    found = onsets_by_level(study.samples)
    return found.loc[found[STRATEGY].isin(BOTH) & (found[LEVEL] > 0), LEVEL].nunique() > 1


def _draw(studies: Sequence[Study]) -> Figure:
    drawn, [axes] = grid(1, len(studies), height=2.6)
    every: list[Curve] = []
    for panel, study in zip(axes, studies, strict=True):
        found = onsets_by_level(study.samples)
        found = found[found[STRATEGY].isin(BOTH) & (found[LEVEL] > 0)]
        lefts = sorted(found[WEIGHTS_LEFT].round(6).unique(), reverse=True)
        ks = sorted(study.samples.loc[study.samples[LEVEL] > 0, REWIND].unique())
        curves = [_curve(found, name, verdict, lefts) for name in BOTH for verdict in STYLES]
        curves = [curve for curve in curves if not np.isnan(curve.mean).all()]
        side_by_side(panel, curves)
        _shade(panel, study, lefts)
        words.ticks(panel.xaxis, {i: weights(left) for i, left in enumerate(lefts)})
        panel.set_xlim(-0.5, len(lefts) - 0.5)
        k_axis(panel, ks, upright=True)
        panel.set_ylim(top=1.7 * panel.get_ylim()[1])  # room for the names of ranges
        panel.tick_params(labelleft=True)
        titled(panel, study)
        words.name_x(panel, "weights left (%)")
        every += curves
    words.name_y(axes, "rewind iteration k")
    legend(drawn, every)
    return drawn


def _curve(found: pd.DataFrame, name: str, verdict: str, lefts: list[float]) -> Curve:
    """The median onsets of a strategy; those that most samples never reach are not drawn."""
    own = found[(found[STRATEGY] == name) & (found["verdict"] == verdict)]
    own = own.sort_values(LEVEL)
    like = look(name, f"{strategy(name).label} {verdict}", STYLES[verdict])
    x = [lefts.index(left) for left in own[WEIGHTS_LEFT].round(6)]
    y = [float(k) if np.isfinite(k) else np.nan for k in own["median"]]
    medians = ["never" if np.isinf(k) else iteration(int(k)) for k in own["median"]]
    pairs = zip(medians, own["reach"], own["n"], strict=True)
    return replace(
        like,
        marker=ON_MATCHING if verdict == "matching" else like.marker,
        x=x,
        mean=y,
        std=[np.nan] * len(x),
        ticks=[weights(left) for left in own[WEIGHTS_LEFT]],
        says=[f"{median} ({reach} of {n})" for median, reach, n in pairs],
    )


def _shade(panel: Axes, study: Study, lefts: list[float]) -> None:
    """Tell the three ranges of sparsity apart."""
    found = ranges(study.samples)
    for number, name in enumerate(RANGES):
        own = found.loc[found["range"] == name, WEIGHTS_LEFT].round(6)
        at = [lefts.index(left) for left in own if left in lefts]
        for x in at:
            if number % 2 == 0:
                panel.axvspan(x - 0.5, x + 0.5, color=FAINT, alpha=0.5, lw=0, zorder=0)
        if at:
            panel.annotate(
                name, (np.mean(at), 0.97), xycoords=("data", "axes fraction"), ha="center", va="top"
            )


FIGURE = PaperFigure(
    name="fig8",
    source="LMC Figure 8",
    title="Stable and matching at each sparsity",
    needs=_needs,
    draw=_draw,
    caption="Rewind iteration from which subnetworks are stable (solid) and matching (dashed): "
    "median over samples, where never counts as infinity, so that a point is drawn where "
    "most samples have an onset. I: even random pruning is matching; II: only IMP; III: "
    "neither.",
    alt="Line charts of the median onset against the weights left, a panel per sweep.",
)
