"""The trials that a search looked at, and the bracket in which it ended."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib
from matplotlib.ticker import FuncFormatter

from analysis.figures.style import INK, RC, iteration, panels
from analysis.formats import weights
from analysis.records import INIT_SEED, LEVEL, REWIND, STRATEGY
from analysis.strategies import strategy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.searches import Ended
    from analysis.study import Study


@matplotlib.rc_context(RC)
def figure(study: Study, lines: Sequence[Ended]) -> Figure:
    """Each trial's instability (%), or drop of accuracy (points), against k or level.

    A panel per line of a search along k or levels, and per init where each is searched by itself;
    the band is the bracket.
    """
    columns = min(len(lines), 4)
    drawn, axes = panels(math.ceil(len(lines) / columns), columns, width=2.5, height=2.2)
    for number, (line, panel) in enumerate(zip(lines, axes, strict=False)):
        along = REWIND if line.search.along == "rewind" else LEVEL
        other = LEVEL if along == REWIND else REWIND
        own = study.samples
        own = own[(own[STRATEGY] == line.search.strategy) & (own[other] == line.at)]
        if line.init is not None:
            own = own[own[INIT_SEED] == line.init]
        value = "instability_test" if line.search.find == "stable" else "drop"
        look = strategy(line.search.strategy)
        panel.plot(own[along], own[value], ls="", marker=look.marker, ms=3, color=look.color,
                   alpha=0.6)  # fmt: skip
        if along == REWIND:
            panel.set_xscale("symlog", linthresh=1)
            panel.xaxis.set_major_formatter(FuncFormatter(lambda k, _: iteration(round(k))))
        bound = _bound(study, line)
        if bound is not None:
            panel.set_yscale("symlog", linthresh=max(2 * bound, 1.0))
            panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.2g}"))
            panel.axhline(bound, color=INK, lw=0.9, ls=(0, (4, 3)))
        ends = _bracket(line)
        if ends is not None:
            panel.axvspan(*ends, color=look.color, alpha=0.18, lw=0)
        where = f"{weights(line.left)} % left" if along == REWIND else f"k = {line.at}"
        init = "" if line.init is None else f", init {line.init}"
        panel.set_title(f"{look.label}, {where}{init}")
        panel.set_xlabel("rewind iteration k" if along == REWIND else "pruning level")
        panel.tick_params(labelbottom=True)
        if number % columns == 0:
            unit = "test instability (%)"
            what = unit if value == "instability_test" else "accuracy lost (points)"
            panel.set_ylabel(what)
    for panel in axes[len(lines) :]:
        panel.remove()
    return drawn


def _bound(study: Study, line: Ended) -> float | None:
    if line.search.find == "stable":
        return study.stable_below
    if study.reference is None:
        return None
    return study.reference.tolerance(study.matching)


def _bracket(line: Ended) -> tuple[float, float] | None:
    """The ends of the interval in which the verdict changes."""
    found = line.found
    if found is None:
        return None
    points = list(line.holds)
    if line.search.along == "rewind":
        before = [point for point in points if point < found]
        return (before[-1], found) if before else None
    after = [point for point in points if point > found]
    return (found, after[0]) if after else None
