"""The trials that a search looked at, and the bracket in which it ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, SymmetricalLogLocator

from analysis.figures import marks, words
from analysis.figures.instability import below
from analysis.figures.panels import begin, lowest, panels
from analysis.figures.scales import instability_axis, k_axis, threshold
from analysis.figures.style import INK, THRESHOLD, in_style, scaled
from analysis.formats import weights
from analysis.records import INIT_SEED, LEVEL, REWIND, STRATEGY
from analysis.statistics import PERCENT, POINTS, estimate
from analysis.strategies import strategy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from analysis.searches import Ended
    from analysis.study import Study


@in_style
def figure(study: Study, lines: Sequence[Ended]) -> Figure:
    """Each trial's instability (%), or drop of accuracy (points), against k or level.

    A panel per line of a search along k or levels, and per init where each is searched by itself;
    the mean at each point has its 95 % interval, and the band is the bracket. All lines are of one
    search.
    """
    stable = lines[0].search.find == "stable"
    value = "instability_test" if stable else "drop"
    drawn, [axes] = panels(1, len(lines), height=2.2)
    along = REWIND if lines[0].search.along == "rewind" else LEVEL
    every = pd.concat([_looked_at(study, line, along) for line in lines])
    reached = [0.0]
    for line, panel in zip(lines, axes, strict=True):
        reached.append(_draw(panel, _looked_at(study, line, along), line, along, value))
        where = f"{weights(line.left)} % left" if along == REWIND else f"k = {line.at}"
        init = "" if line.init is None else f", init {line.init}"
        words.title(panel, f"{strategy(line.search.strategy).label}, {where}{init}")
    points = sorted({int(one) for one in every[along]})
    if along == REWIND:
        k_axis(axes[0], points)
    else:
        words.ticks(axes[0].xaxis, {one: str(one) for one in points}, points[-1:])
    bound = study.stable_below if stable else _tolerance(study)
    entries = [marks.sample_entry("single samples"), _mean_entry(), marks.bar_entry()]
    if stable:
        instability_axis(axes[0], study.stable_below, max(float(every[value].max()), *reached))
        entries.append(below(study.stable_below))
    else:
        _drop_axis(axes[0], bound)
        if bound is not None:
            label = f"matching up to {bound:.2g} points"
            entries.append(Line2D([], [], color=INK, lw=scaled(0.9), ls=THRESHOLD, label=label))
    for panel in axes if not stable else axes[1:]:
        if bound is not None:
            threshold(panel, bound)
    words.name_y(begin(axes), "test instability (%)" if stable else "accuracy lost (points)")
    for panel in lowest([axes]):
        words.name_x(panel, "rewind iteration k" if along == REWIND else "pruning level")
    words.legend(drawn, [*entries, marks.band_entry("bracket")])
    return drawn


def _draw(panel: Axes, own: pd.DataFrame, line: Ended, along: str, value: str) -> float:
    """Draw a line of a search; return up to which value its intervals reach."""
    look = strategy(line.search.strategy)
    panel.plot(own[along], own[value], **marks.sample(look.color))
    bounds = POINTS if value == "drop" else PERCENT
    found = [(at, estimate(of[value], of[INIT_SEED], bounds)) for at, of in own.groupby(along)]
    ends = [(one.mean - one.low, one.high - one.mean) for _, one in found]
    panel.errorbar(
        [float(str(at)) for at, _ in found],
        [one.mean for _, one in found],
        np.nan_to_num(np.array(ends).T),
        color=look.color,
        marker=look.marker,
        ms=scaled(4.4),
        ls="",
        zorder=3,
        **marks.bar(look.color),
    )
    bracket = _bracket(line)
    if bracket is not None:
        panel.axvspan(*bracket, zorder=0, **marks.band(look.color))
    return max(np.nan_to_num([one.high for _, one in found]), default=0.0)


def _looked_at(study: Study, line: Ended, along: str) -> pd.DataFrame:
    """The trials of one line of a search."""
    other = LEVEL if along == REWIND else REWIND
    own = study.samples
    own = own[(own[STRATEGY] == line.search.strategy) & (own[other] == line.at)]
    return own if line.init is None else own[own[INIT_SEED] == line.init]


def _mean_entry() -> Line2D:
    return Line2D([], [], ls="", marker="o", color=INK, ms=scaled(4.4), label="mean")


def _tolerance(study: Study) -> float | None:
    return None if study.reference is None else study.reference.tolerance(study.matching)


def _drop_axis(panel: Axes, bound: float | None) -> None:
    """Let the upright axis have lost points: linear around 0 and the bound, logarithmic beyond."""
    linear = max(2 * (bound or 0.0), 1.0)
    panel.set_yscale("symlog", linthresh=linear)
    panel.yaxis.set_major_locator(SymmetricalLogLocator(base=10, linthresh=linear))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.2g}"))


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
