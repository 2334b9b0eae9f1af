"""What searches for a rewind point or a level looked at, and where they ended. Pure functions.

A search is of lines of cells: along k for each strategy and level, or along levels for each
strategy and k. Its verdicts are those of `cells.cells`; per init, those of each init's own mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

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


CAPTION = (
    "Searches: which points were looked at, and where the search ended. A point that passes has a "
    "+, one that does not a −. A mean is judged with two inits first; others are added while the "
    "95 % interval of the mean holds the threshold."
)


def table(lines: Sequence[Ended]) -> pd.DataFrame:
    """Return a row of strings for each line of some searches."""
    by_init = any(line.init is not None for line in lines)
    along_level = any(line.search.along == "level" for line in lines)
    columns = {
        "strategy": [strategy(line.search.strategy).label for line in lines],
        "weights left %": [weights(line.left) for line in lines],
        **({"at k": [_k(line) for line in lines]} if along_level else {}),
        **(
            {"init": [UNKNOWN if o.init is None else str(o.init) for o in lines]} if by_init else {}
        ),
        "searched for": [line.search.find for line in lines],
        "ended": [line.bracket for line in lines],
        "looked at": [
            " ".join(f"{point}{'+' if holds else '−'}" for point, holds in line.holds.items())
            for line in lines
        ],
        "trials": [str(line.samples) for line in lines],
    }
    return pd.DataFrame(columns, dtype="object")


def _k(line: Ended) -> str:
    return str(line.at) if line.search.along == "level" else UNKNOWN
