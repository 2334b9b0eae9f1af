"""What searches for a rewind point or a level looked at, and where they ended. Pure functions.

A search is of lines of cells: along k for each strategy and level, or along levels for each
strategy and k. Its verdicts are those of `cells.cells`; per init, those of each init's own mean.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

import pandas as pd

from analysis.evidence import Place, about
from analysis.formats import UNKNOWN, weights
from analysis.records import INIT_SEED, LEVEL, REWIND, STRATEGY, WEIGHTS_LEFT
from analysis.statistics import below
from analysis.strategies import strategy
from analysis.study import Study

Along = Literal["rewind", "level"]


@dataclass(frozen=True)
class Search:
    """What a spec searches for on the lines of a strategy."""

    strategy: str
    find: Literal["stable", "matching"]
    along: Along
    per: Literal["mean", "init"] = "mean"


@dataclass(frozen=True)
class Ended:
    """One line of a search: what it looked at, and the bracket in which it ended."""

    search: Search
    at: int
    """The level of a search along k; k of a search along levels."""
    left: float
    """Weights left at that level in %, or at the last level found."""
    init: int | None
    """Of a search per init."""
    holds: dict[int, bool]
    """k or level -> verdict, ascending."""
    samples: int
    """Trials that were looked at."""

    @property
    def found(self) -> int | None:
        """The first k, or the sparsest level, found; None if it holds nowhere.

        Along k it is the first from which the verdict holds next to one at which it fails: what
        bisection ends in. LMC calls it the onset.
        """
        points = list(self.holds)
        if self.search.along == "level":
            good = [point for point in points if self.holds[point]]
            bad = [point for point in points if not self.holds[point]]
            return max((one for one in good if all(one < other for other in bad)), default=None)
        if not points or not self.holds[points[-1]]:
            return None
        return next(point for point in points if self.holds[point])

    @property
    def bracket(self) -> str:
        """Where it ended, in words."""
        points, found = list(self.holds), self.found
        what = "level" if self.search.along == "level" else "k ="
        if self.search.along == "level":
            after = [p for p in points if found is None or p > found]
            if found is None:
                return f"not at {what} {points[0]}" if points else UNKNOWN
            return f"up to {what} {found}" + (f", not at {after[0]}" if after else "")
        if found is None:
            return f"not up to {what} {points[-1]}" if points else UNKNOWN
        before = [point for point in points if point < found]
        return f"from {what} {found}" + (f", not at {before[-1]}" if before else "")


def ended(study: Study, searches: Iterable[Search]) -> list[Ended]:
    """Return the lines of some searches, of a study of one recipe."""
    return [line for search in searches for line in _lines(study, search)]


def _lines(study: Study, search: Search) -> Iterator[Ended]:
    other = LEVEL if search.along == "rewind" else REWIND
    point = REWIND if search.along == "rewind" else LEVEL
    own = study.samples[study.samples[STRATEGY] == search.strategy]
    for at in sorted(own[other].unique()):
        line = own[own[other] == at]
        inits = sorted(line[INIT_SEED].unique()) if search.per == "init" else [None]
        for init in inits:
            of = line if init is None else line[line[INIT_SEED] == init]
            holds = (
                _of_mean(study, search, other, int(at), point)
                if init is None
                else _of_init(study, search, of, point)
            )
            number = None if init is None else int(init)
            found = Ended(search, int(at), 0.0, number, holds, len(of))
            shown = of[of[LEVEL] == found.found] if search.along == "level" else of
            yield replace(found, left=float(shown[WEIGHTS_LEFT].mean()))


def _of_mean(study: Study, search: Search, other: str, at: int, point: str) -> dict[int, bool]:
    """Return the verdicts on the cells of a line."""
    cells = study.cells
    line = cells[(cells[STRATEGY] == search.strategy) & (cells[other] == at)]
    known = line[line[search.find].notna()].sort_values(point)
    return {int(k): bool(held) for k, held in zip(known[point], known[search.find], strict=True)}


def _of_init(study: Study, search: Search, line: pd.DataFrame, point: str) -> dict[int, bool]:
    """Return the verdicts on the means of one init's trials."""
    found = {}
    used = line[line["counts"]]
    for where in sorted(used[point].unique()):
        cell = used[used[point] == where]
        if search.find == "stable":
            found[int(where)] = below(cell["instability_test"].mean(), study.stable_below)
        elif study.reference is not None:
            tolerance = study.reference.tolerance(study.matching)
            found[int(where)] = below(cell["drop"].mean(), tolerance, inclusive=True)
    return found


def caption(lines: Sequence[Ended]) -> str:
    """Return the caption of `table`."""
    says = [
        "Searches: which points were looked at, and where the search ended. A point that passes "
        "has a +, one that does not a −."
    ]
    if any(line.init is None for line in lines):
        says.append(
            "A mean is judged with two inits first; others are added while its 95 % interval "
            "contains the threshold."
        )
    if any(line.init is not None for line in lines):
        says.append(
            "Each init is searched by itself; the median of their onsets is that of LMC Figure 8."
        )
    return " ".join(says)


def of_means(frame: pd.DataFrame, searches: Iterable[Search]) -> pd.DataFrame:
    """Return a frame without the lines along k of which each init is searched by itself.

    Their inits share few points: a mean over inits at one of them is of one or two inits.
    """
    alone = {one.strategy for one in searches if (one.along, one.per) == ("rewind", "init")}
    return frame[~frame[STRATEGY].isin(alone)]


def median(lines: Sequence[Ended]) -> float:
    """Return the median onset of inits, or level; infinite if most inits have none (never).

    Of an even number it is the later of the two in the middle, as in LMC Figure 8.
    """
    if lines[0].search.along == "level":
        levels = sorted(-math.inf if one.found is None else one.found for one in lines)
        return levels[(len(levels) - 1) // 2]
    onsets = sorted(math.inf if one.found is None else one.found for one in lines)
    return onsets[len(onsets) // 2]


def with_medians(lines: Sequence[Ended]) -> list[Ended | Median]:
    """Return the lines, and after those of several inits their median."""
    found: list[Ended | Median] = []
    for (_, _), group in groupby(lines, key=lambda line: (line.search, line.at)):
        own = list(group)
        found += own
        if len(own) > 1:
            found.append(Median(own[0].search, own[0].at, own[0].left, median(own), len(own)))
    return found


@dataclass(frozen=True)
class Median:
    """What the inits of a line say together."""

    search: Search
    at: int
    left: float
    value: float
    inits: int

    @property
    def bracket(self) -> str:
        """The median, in words."""
        if math.isinf(self.value):
            return f"none: most of {self.inits} inits have none"
        what = "up to level" if self.search.along == "level" else "from k ="
        return f"{what} {self.value:.0f}"


def _place(row: Ended | Median) -> Place:
    """Return which trials a row of the table is about."""
    other = LEVEL if row.search.along == "rewind" else REWIND
    place = {STRATEGY: row.search.strategy, other: row.at}
    if isinstance(row, Ended) and row.init is not None:
        return {**place, INIT_SEED: row.init}
    return place


def table(lines: Sequence[Ended]) -> pd.DataFrame:
    """Return a row of strings for each line of some searches, and for the median of inits."""
    by_init = any(line.init is not None for line in lines)
    along_level = any(line.search.along == "level" for line in lines)
    rows = with_medians(lines)
    columns = {
        "strategy": [strategy(row.search.strategy).label for row in rows],
        "weights left %": [weights(row.left) for row in rows],
        **({"at k": [_k(row) for row in rows]} if along_level else {}),
        **({"init": [_init(row) for row in rows]} if by_init else {}),
        "searched for": [row.search.find for row in rows],
        "ended": [row.bracket for row in rows],
        "looked at": [
            " ".join(f"{point}{'+' if holds else '−'}" for point, holds in row.holds.items())
            if isinstance(row, Ended)
            else ""
            for row in rows
        ],
        "trials": [str(row.samples) if isinstance(row, Ended) else "" for row in rows],
    }
    return about(pd.DataFrame(columns, dtype="object"), [_place(row) for row in rows])


def _init(row: Ended | Median) -> str:
    if isinstance(row, Median):
        return "median"
    return UNKNOWN if row.init is None else str(row.init)


def _k(line: Ended | Median) -> str:
    return str(line.at) if line.search.along == "level" else UNKNOWN
