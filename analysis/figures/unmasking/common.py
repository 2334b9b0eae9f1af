"""What Unmasking's figures have in common: colours of rewind points, the threshold, paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from analysis.ends import of_levels
from analysis.figures import words
from analysis.figures.lmc.figure import Curve, of_k
from analysis.figures.style import INK, scaled
from analysis.levels import eps_of, neighbours
from analysis.records import (
    INIT_SEED,
    LEVEL,
    LEVEL_2,
    PATH_ERROR,
    REWIND,
    STRATEGY,
    split_metric,
)
from analysis.strategies import DENSE, IMP, PERTURBED, rank

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.colorbar import Colorbar

    from analysis.study import Study

SMALLEST = 0.1
"""Where a logarithmic scale of errors begins at the lowest, in %."""

ABOVE = 3.0
"""How far an enlarged panel goes above the threshold, in eps."""

LEAST = 1.0
"""The least that it shows below and above the threshold, in points."""


def lines_of(found: pd.DataFrame, x: str) -> list[Curve]:
    """Return a curve of errors over `x` per rewind point of a frame, by ascending k."""
    looks = of_k(found[REWIND].unique())
    return [Curve.of(line, x, "error", looks[int(str(k))]) for k, line in found.groupby(REWIND)]


def chain_of(study: Study, trials: pd.DataFrame | None = None) -> str | None:
    """Return the pruning whose levels a figure shows: IMP where it was measured, else the first.

    Of `trials`, by default those of two levels. None where there is none.
    """
    own = study.trials[of_levels(study.trials)] if trials is None else trials
    names = sorted(set(own[STRATEGY]) - {DENSE, PERTURBED}, key=rank)
    return IMP if IMP in names else next(iter(names), None)


def threshold_of(study: Study) -> float:
    """Return the error (%) up to which a network matches: that of the dense ones + eps, or NaN."""
    return np.nan if study.reference is None else 100 - study.reference.mean + eps_of(study)


def at_most(panel: Axes, study: Study) -> None:
    """Draw the error up to which a network matches, dotted."""
    panel.axhline(threshold_of(study), color=INK, lw=scaled(0.9), ls=":", zorder=1)


def at_most_entry() -> Line2D:
    """The legend's entry of the threshold."""
    return Line2D([], [], color=INK, lw=scaled(0.9), ls=":", label="dense + ε")


def enlarge(panel: Axes, study: Study, curves: Sequence[Curve]) -> None:
    """Let a panel show what is near the threshold."""
    top = threshold_of(study)
    if np.isnan(top):
        return
    room = max(ABOVE * eps_of(study), LEAST)
    means = np.concatenate([np.asarray(curve.mean, float) for curve in curves])
    stds = np.concatenate([np.nan_to_num(np.asarray(curve.std, float)) for curve in curves])
    near = means <= top
    lowest = float((means - stds)[near].min()) if near.any() else top
    panel.set_ylim(max(min(lowest, top - room) - 0.1 * room, 0.0), top + room)


def percent_ticks(bar: Colorbar, low: float, high: float) -> None:
    """Label a logarithmic colour scale of percentages from `low` to `high`."""
    ticks = [float(one) for one in (1, 2, 5, 10, 20, 50) if low <= one <= high]
    if len(ticks) < 2:  # so narrow a scale is told by its ends
        ticks = [low, high]
    bar.ax.yaxis.set_minor_locator(NullLocator())
    bar.set_ticks(ticks, labels=[f"{one:.3g}" for one in ticks])


def along_levels(study: Study, strategy: str) -> pd.DataFrame:
    """Return the test error along the pieces w(L) to w(L+1) of a strategy's paths.

    A row per k and place: `rewind`, `place` (L at w(L), and between them by the share of the way),
    `error` and `error_std` (%, mean and deviation over inits) and `n` inits. Where two pieces meet
    both have the same network.
    """
    trials, error = study.trials, split_metric(PATH_ERROR, "test")
    chosen = (trials[STRATEGY] == strategy) & neighbours(trials)
    columns = [REWIND, "place", "error", "error_std", "n"]
    if not chosen.any() or error not in study.curves:
        return pd.DataFrame(columns=columns)
    own = trials.loc[chosen, ["trial", REWIND, INIT_SEED, LEVEL, LEVEL_2]]
    paths = study.curves[["trial", "alpha", error]].merge(own, on="trial", validate="m:1")
    apart = paths[LEVEL_2] - paths[LEVEL]
    paths["place"] = (paths[LEVEL_2] - apart * paths["alpha"]).round(6)  # alpha is 1 at w(level)
    inits = paths.groupby([REWIND, "place", INIT_SEED], as_index=False)[error].mean()
    found = inits.groupby([REWIND, "place"])[error].agg(["mean", "std", "count"]).reset_index()
    return found.set_axis(columns, axis="columns")


def level_ticks(axis: Axis, levels: Sequence[int], offset: float = 0.0) -> None:
    """Put levels on an axis, so far beside their numbers or places; not all where they are many."""
    places = [level if offset == 0 else place for place, level in enumerate(levels)]
    labels = {place + offset: str(one) for place, one in zip(places, levels, strict=True)}
    words.ticks(axis, labels, [*labels][:: max(len(labels) - 1, 1)])
