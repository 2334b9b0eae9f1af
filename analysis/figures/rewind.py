"""A measure against the rewind iteration: what LMC Figures 3, 6, 7 and 14 to 17 have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D

from analysis.ends import LINE
from analysis.figures import marks, words
from analysis.figures.panels import begin, chosen, crowded, left_out, lowest, panels
from analysis.figures.scales import dodges, k_axis, moved
from analysis.figures.style import GROUND, INK, area, scaled
from analysis.formats import weights
from analysis.records import LEVEL, REWIND, STRATEGY, WEIGHTS_LEFT
from analysis.strategies import DENSE, rank, strategy

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BEFORE = 4.5  # from published values to the first strategy's, in points: clear of our bars

MOST_LEVELS = 20
"""Panels: those of more levels would be too small to read."""

MOST_SAMPLES = 5000
"""Single samples that are drawn: more would make a large file, and hide what is behind them."""


class _Look(NamedTuple):
    filled: bool
    size: float  # diameter in typographic points


_HOLDS, _FAILS, _UNJUDGED = _Look(True, 4.9), _Look(False, 4.9), _Look(True, 2.4)


def against_rewind(
    cells: pd.DataFrame,
    measure: str,
    verdict: Literal["stable", "matching"],
    *,
    ylabel: str,
    upright: Callable[[Axes], None],
    handles: list[Artist],
    paper: pd.Series | None = None,
    samples: pd.DataFrame | None = None,
) -> tuple[Figure, list[Axes]]:
    """Mean of `measure` at each k with its 95 % interval, a line per strategy.

    One panel per sparse level, dense networks in each. Strategies stand side by side at each k. A
    marker is filled where `verdict` holds, hollow where it does not, and small where it cannot be
    said. `samples` are drawn faintly, beside their mean: each has a strategy, a level, a rewind
    point and the measure. `upright` sets the upright axis of a panel, which all share: bars that
    go on beyond its ends are marked. `handles` are added to the legend. `paper` holds the
    published values, NaN where there is none, by the index of `cells`: they are drawn hollow, a
    little to the left of ours.
    """
    sparse = cells[cells[STRATEGY] != DENSE]
    every = [int(level) for level in sorted(sparse[LEVEL].unique())]
    levels: list[int | None] = [*chosen(every, MOST_LEVELS)] or [None]
    figure, [axes] = panels(1, len(levels), height=2.3)
    known = cells[cells[measure].notna()]
    ks = (known if len(known) else cells)[REWIND].unique()
    k_axis(axes[0], ks)
    upright(axes[0])
    names = sorted(cells[STRATEGY].unique(), key=rank)
    published = cells.assign(paper=paper).dropna(subset="paper")
    margin = scaled(BEFORE) if len(published) else 0.0
    places = dodges(axes[0], len(names), ks, margin)
    moves = dict(zip(names, places, strict=True))
    aside = marks.aside(places[1] - places[0] if len(names) > 1 else 0.0)
    few = samples is not None and singly(samples)
    size = crowded(axes[0], known[REWIND].nunique())
    cut = False
    for level, panel in zip(levels, axes, strict=True):
        own = _shown(cells, level)
        if few and samples is not None:
            _samples(panel, _shown(samples, level), measure, moves, aside)
        for (name, _), line in own.groupby(LINE, sort=False):
            cut |= _line(panel, line, measure, verdict, moves[name], size)
            theirs = published[published.index.isin(line.index)]
            _published(panel, theirs, moves[names[0]] - scaled(BEFORE))
        if level is not None:
            left = sparse.loc[sparse[LEVEL] == level, WEIGHTS_LEFT].mean()
            words.title(panel, _title(level, left, DENSE in names, len(levels)))
    words.name_y(begin(axes), ylabel)
    for panel in lowest([axes]):
        words.name_x(panel, "rewind iteration k")
    entries: list[Any] = [
        *(_handle(name, beside=len(names) > 1) for name in names),
        *_verdict_handles(cells, measure, verdict),
        *([marks.bar_entry()] if has_intervals(cells, measure) else []),
        *([marks.cut_entry()] if cut else []),
        *([marks.sample_entry(_what(measure))] if few else []),
        *handles,
    ]
    labels = [str(entry.get_label()) for entry in entries]
    if not published.empty:
        having = set(published[STRATEGY])
        entries.append(tuple(_published_handle(name) for name in names if name in having))
        labels.append("paper")
    handler = {tuple: HandlerTuple(ndivide=None, pad=0)}
    words.legend(figure, entries, labels, handler_map=handler)
    everywhere = DENSE in names and len(levels) > 1
    words.note(
        figure,
        "Dense networks, with all weights, are in every panel." if everywhere else "",
        left_out("level", every, [level for level in levels if level is not None]),
        "" if few or samples is None else f"Not drawn: {len(samples)} {_what(measure)}.",
    )
    return figure, axes


def _shown(frame: pd.DataFrame, level: int | None) -> pd.DataFrame:
    """What a level's panel has: its subnetworks, and the dense networks."""
    return frame[(frame[STRATEGY] == DENSE) | (frame[LEVEL] == level)]


def _title(level: int, left: float, dense: bool, panels: int) -> str:
    """What a level's panel has; of several panels a note says that all have dense networks."""
    if dense and panels == 1:
        return f"Level {level}: {weights(left)} % of weights left, beside dense networks (100 %)"
    return f"Level {level}: {weights(left)} % left"


def _handle(name: str, *, beside: bool) -> Line2D:
    """The legend's entry of a strategy; dense networks stand in panels of sparse ones, too."""
    look = strategy(name)
    label = f"{look.label} (100 % left)" if name == DENSE and beside else look.label
    return Line2D([], [], color=look.color, marker=look.marker, label=label)


def unjudged(cells: pd.DataFrame, measure: str, verdict: str) -> bool:
    """Whether some cell is drawn whose verdict cannot be said."""
    return bool((cells[measure].notna() & cells[verdict].isna()).any())


def has_intervals(cells: pd.DataFrame, measure: str) -> bool:
    """Whether some mean has an interval: one of two inits or more does."""
    return bool(cells[f"{measure}_low"].notna().any())


def singly(samples: pd.DataFrame) -> bool:
    """Whether so few samples are drawn one by one."""
    return len(samples) <= MOST_SAMPLES


def _what(measure: str) -> str:
    return "single samples" if measure.startswith("instability") else "single networks"


def _look(holds: Any) -> _Look:
    if pd.isna(holds):
        return _UNJUDGED
    return _HOLDS if holds else _FAILS


def _verdict_handles(cells: pd.DataFrame, measure: str, verdict: str) -> list[Line2D]:
    """Markers that hold and fail, unless nothing is judged; small ones where they occur."""
    looks: dict[str, _Look] = {}
    if cells[verdict].notna().any():
        looks |= {verdict: _HOLDS, f"not {verdict}": _FAILS}
    if unjudged(cells, measure, verdict):
        looks["not judged"] = _UNJUDGED
    return [
        Line2D(
            *([], []),
            ls="",
            marker="o",
            color=INK,
            mfc=INK if look.filled else GROUND,
            ms=scaled(look.size),
            label=label,
        )
        for label, look in looks.items()
    ]


def _published_handle(name: str) -> Line2D:
    look = strategy(name).marker
    return Line2D([], [], ls="", marker=look, color=INK, mfc="none", mew=0.8, ms=scaled(4))


def _line(
    panel: Axes, line: pd.DataFrame, measure: str, verdict: str, shift: float, size: float
) -> bool:
    """Draw a strategy's line; return whether the axis cuts one of its bars."""
    look = strategy(line[STRATEGY].iloc[0])
    looks = [_look(holds) for holds in line[verdict]]
    mean, low, high = (line[f"{measure}{end}"] for end in ("", "_low", "_high"))
    ends = [mean - low, high - mean]  # one init has no interval: no bar
    panel.errorbar(
        *(line[REWIND], mean),
        yerr=np.array([end.fillna(0.0).clip(lower=0.0) for end in ends]),
        color=look.color,
        lw=scaled(1.3 * size),
        **marks.bar(look.color, size),
        transform=moved(panel, shift),
        zorder=3,
    )
    panel.scatter(
        *(line[REWIND], mean),
        s=[area(one.size * size) for one in looks],
        marker=look.marker,
        edgecolors=look.color,
        facecolors=[look.color if one.filled else GROUND for one in looks],
        linewidths=scaled(1.1 * size),
        transform=moved(panel, shift),
        zorder=4,
    )
    return marks.cut(panel, line[REWIND], low, high, look.color, shift)


def _samples(
    panel: Axes, samples: pd.DataFrame, measure: str, moves: dict[str, float], aside: float
) -> None:
    for name, own in samples.groupby(STRATEGY):
        if name in moves:
            panel.plot(
                *(own[REWIND], own[measure]),
                **marks.sample(strategy(str(name)).color),
                transform=moved(panel, moves[str(name)] + aside),
                zorder=2,
            )


def _published(panel: Axes, line: pd.DataFrame, shift: float) -> None:
    if line.empty:
        return
    panel.scatter(
        *(line[REWIND], line["paper"]),
        s=area(4.5),
        marker=strategy(line[STRATEGY].iloc[0]).marker,
        edgecolors=INK,
        facecolors="none",
        linewidths=0.8,  # thin: values that all but agree are seen through each other
        transform=moved(panel, shift),
        zorder=5,
    )
