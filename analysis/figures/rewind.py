"""A measure against the rewind iteration: what LMC Figures 3, 6, 7 and 14 to 17 have in common."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import pandas as pd
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D

from analysis.ends import LINE
from analysis.figures.style import INK, iteration, panels, shifts
from analysis.formats import weights
from analysis.records import LEVEL, REWIND, STRATEGY, WEIGHTS_LEFT
from analysis.strategies import DENSE, rank, strategy

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BEFORE = 0.2  # from published values to the first strategy's, in ticks: clear of our bars


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
    handles: list[Artist],
    paper: pd.Series | None = None,
) -> tuple[Figure, list[Axes]]:
    """Mean ± one standard deviation of `measure` at each k, a line per strategy.

    One panel per sparse level, dense networks in each. The measured k are evenly spaced, as in
    the papers, whose axes would otherwise crowd the early ones. A marker is filled where
    `verdict` holds, hollow where it does not, and small where it cannot be said. `handles` are
    added to the legend.
    `paper` holds the published values, NaN where there is none, by the index of `cells`: they are
    drawn hollow and black, a little to the left of ours.
    """
    sparse = cells[cells[STRATEGY] != DENSE]
    levels = sorted(sparse[LEVEL].unique()) or [None]
    columns = min(len(levels), 4)
    figure, axes = panels(math.ceil(len(levels) / columns), columns, width=2.5, height=2.4)
    ks = sorted(cells[REWIND].unique())
    names = sorted(cells[STRATEGY].unique(), key=rank)
    moved = dict(zip(names, shifts(len(names)), strict=True))
    published = cells.assign(paper=paper).dropna(subset="paper")
    for i, (level, panel) in enumerate(zip(levels, axes, strict=False)):
        shown = cells[(cells[STRATEGY] == DENSE) | (cells[LEVEL] == level)]
        for (name, _), line in shown.groupby(LINE, sort=False):
            positions = [ks.index(k) + moved[name] for k in line[REWIND]]
            _line(panel, line, measure, verdict, positions)
            theirs = published[published.index.isin(line.index)]
            _published(
                panel, theirs, [ks.index(k) + moved[names[0]] - BEFORE for k in theirs[REWIND]]
            )
        if level is not None:
            left = sparse.loc[sparse[LEVEL] == level, WEIGHTS_LEFT].mean()
            panel.set_title(f"{weights(left)} % of weights left")
        if i % columns == 0:
            panel.set_ylabel(ylabel)
        if i + columns >= len(levels):
            panel.set_xlabel("rewind iteration k")
            panel.tick_params(labelbottom=True)
    for panel in axes[len(levels) :]:
        panel.remove()
    axes[0].set_xticks(range(len(ks)), [iteration(k) for k in ks])
    axes[0].set_xlim(-0.4, len(ks) - 0.6)
    entries: list[Any] = [
        *map(_handle, names),
        *_verdict_handles(cells, measure, verdict),
        *handles,
    ]
    labels = [str(entry.get_label()) for entry in entries]
    if not published.empty:
        known = set(published[STRATEGY])
        entries.append(tuple(_published_handle(name) for name in names if name in known))
        labels.append("paper")
    figure.legend(
        entries,
        labels,
        loc="outside upper center",
        ncols=8 if columns == 4 else 4,  # eight are wider than three panels
        handler_map={tuple: HandlerTuple(ndivide=None, pad=0)},
    )
    return figure, axes[: len(levels)]


def _handle(name: str) -> Line2D:
    look = strategy(name)
    return Line2D([], [], color=look.color, marker=look.marker, label=look.label)


def unjudged(cells: pd.DataFrame, measure: str, verdict: str) -> bool:
    """Whether some cell is drawn whose verdict cannot be said."""
    return bool((cells[measure].notna() & cells[verdict].isna()).any())


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
            mfc=INK if look.filled else "white",
            ms=look.size,
            label=label,
        )
        for label, look in looks.items()
    ]


def _published_handle(name: str) -> Line2D:
    marker = strategy(name).marker
    return Line2D([], [], ls="", marker=marker, color="black", mfc="none", mew=0.8, ms=4)


def _line(
    panel: Axes, line: pd.DataFrame, measure: str, verdict: str, positions: list[float]
) -> None:
    look = strategy(line[STRATEGY].iloc[0])
    markers = [_look(holds) for holds in line[verdict]]
    panel.errorbar(
        positions,
        line[measure],
        # One sample has no deviation: no bar.
        yerr=line[f"{measure}_std"].fillna(0.0),
        color=look.color,
        elinewidth=1,
        capsize=2,
        zorder=2,
    )
    panel.scatter(
        positions,
        line[measure],
        s=[marker.size**2 for marker in markers],
        marker=look.marker,
        edgecolors=look.color,
        facecolors=[look.color if marker.filled else "white" for marker in markers],
        zorder=3,
    )


def _published(panel: Axes, line: pd.DataFrame, positions: list[float]) -> None:
    if line.empty:
        return
    panel.scatter(
        positions,
        line["paper"],
        s=20,
        marker=strategy(line[STRATEGY].iloc[0]).marker,
        edgecolors="black",
        facecolors="none",
        linewidths=0.8,  # thin: values that all but agree are seen through each other
        zorder=4,
    )
