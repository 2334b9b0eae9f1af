"""LMC Figure 7: test error of sparse subnetworks against the iteration they are rewound to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.lines import Line2D

from analysis.figures import marks, words
from analysis.figures.lmc.figure import (
    SPARSE,
    Curve,
    PaperFigure,
    against_k,
    grid,
    legend,
    look,
    ticks_of,
    titled,
)
from analysis.figures.style import INK, area, scaled
from analysis.published import beside
from analysis.records import REWIND
from analysis.strategies import DENSE, IMP, strategy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    from analysis.study import Study


def error_curve(line: pd.DataFrame, like: Curve, split: str = "test") -> Curve:
    """The error (%) of a line's cells against k, with deviations over inits."""
    errors = line.assign(error=100 - line[f"accuracy_{split}"])
    errors["error_std"] = line[f"accuracy_{split}_std"]
    return Curve.of(errors, REWIND, "error", like, n="accuracy_inits")


def dense_band(panel: Axes, study: Study) -> None:
    """Shade the dense networks' error ± one standard deviation over inits."""
    if study.reference is None:
        return
    error, std = 100 - study.reference.mean, study.reference.std
    grey = strategy(DENSE).color
    panel.axhline(error, color=grey, lw=scaled(1), zorder=1)
    if not pd.isna(std):
        panel.axhspan(error - std, error + std, zorder=0, **marks.band(grey))


def dense_band_entry() -> Patch:
    """The legend's entry of that shade."""
    return marks.band_entry("dense ± 1 std", strategy(DENSE).color)


def published_entry() -> Line2D:
    """The legend's entry of what a paper publishes."""
    look: dict[str, Any] = {"ls": "", "marker": "o", "mfc": "none", "ms": scaled(5)}
    return Line2D([], [], color=INK, label="paper", **look)


def _known(study: Study, name: str) -> pd.DataFrame:
    line = study.line(name, study.level)
    return line[line["accuracy_test"].notna()]


def _draw(studies: Sequence[Study]) -> Figure:
    drawn, [axes] = grid(1, len(studies), height=2.4)
    every: list[Curve] = []
    published = False
    for panel, study in zip(axes, studies, strict=True):
        lines = {name: _known(study, name) for name in SPARSE}
        curves = []
        for name, line in lines.items():
            if len(line):
                matching = [bool(one) if not pd.isna(one) else False for one in line["matching"]]
                curves.append(replace(error_curve(line, look(name)), filled=matching))
        against_k(panel, curves, ticks_of(curves))
        dense_band(panel, study)
        for line in lines.values():
            theirs = beside(line)[["paper_accuracy", REWIND]].dropna()
            published |= len(theirs) > 0
            panel.scatter(
                *(theirs[REWIND], 100 - theirs["paper_accuracy"]),
                s=area(5.5),
                facecolors="none",
                edgecolors=INK,
                zorder=5,
            )
        titled(panel, study, study.level)
        words.name_x(panel, "rewind iteration k")
        every += curves
    words.name_y(axes, "test error (%)")
    legend(drawn, every, [dense_band_entry(), *([published_entry()] if published else [])])
    return drawn


FIGURE = PaperFigure(
    name="fig7",
    source="LMC Figure 7",
    title="Error of sparse subnetworks",
    needs=lambda study: study.level is not None and len(_known(study, IMP)) > 1,
    draw=_draw,
    caption="Test error of subnetworks that are rewound to iteration k: mean and standard "
    "deviation over inits. The grey band is the dense networks’ error; filled markers match them.",
    alt="Line charts of test error against k, a panel per sweep, a line per strategy.",
    beyond=False,
)
