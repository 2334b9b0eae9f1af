"""What LMC says of sparsities: section 4.4, and appendices B and E."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd

from analysis.claims.claim import Claim, Shown
from analysis.claims.evidence import Evidence, all_of, by_init, smaller
from analysis.claims.quoting import called, errors, quoted, sampled
from analysis.formats import number, spread, weights
from analysis.records import LEVEL, REWIND, STRATEGY, WEIGHTS_LEFT
from analysis.sparsities import (
    RANGES,
    best_by_level,
    extreme_level,
    onsets_by_level,
    range_text,
    ranges,
)
from analysis.strategies import CONTROLS, IMP, RANDOM_PRUNING

if TYPE_CHECKING:
    from analysis.study import Study


def _order_of_ranges(study: Study) -> Shown | None:
    found = ranges(study.samples)
    if len(found) < 3:
        return None
    return Shown(
        f"weights left in %, by the median of samples that each lose at most {study.tolerance}: "
        f"{range_text(found)}",
        _in_order(study, found),
    )


def _in_order(study: Study, found: pd.DataFrame) -> Evidence:
    """Ranges that interleave do not tell: noise can move a level from one to the next."""
    names = list(found["range"])
    for (one, after), level in zip(pairwise(names), found[LEVEL].iloc[1:], strict=True):
        if RANGES.index(after) < RANGES.index(one):
            reach = ", ".join(
                f"{_reaching(study, int(at))} with {weights(study.left(int(at)))} %"
                for at in (found.loc[found[LEVEL] < level, LEVEL].max(), level)
            )
            return Evidence(
                None,
                f"the ranges interleave: {after} follows {one} as sparsity grows; samples that "
                f"match at some k: {reach}",
            )
    lacking = [name for name in RANGES if name not in names]
    if lacking:
        return Evidence(False, f"no level is in range {' or '.join(lacking)}")
    return Evidence(True, "no range interrupts another, and there are levels in all three")


def _reaching(study: Study, level: int) -> str:
    """How many samples of IMP and of random pruning match: "4 of 9 of IMP"."""
    found = onsets_by_level(study.samples)
    own = found[(found["verdict"] == "matching") & (found[LEVEL] == level)]
    return " and ".join(
        f"{row.reach} of {row.n} of {called(str(row.strategy))}"
        for row in own.itertuples()
        if row.strategy in (IMP, RANDOM_PRUNING)
    )


@dataclass(frozen=True)
class _Medians:
    """Median onsets of stability by descending weights left."""

    lefts: Sequence[float]
    medians: Sequence[float]
    reach: Sequence[int]
    n: Sequence[int]

    @classmethod
    def of(cls, study: Study, name: str) -> _Medians:
        found = onsets_by_level(study.samples)
        own = found[(found[STRATEGY] == name) & (found["verdict"] == "stable") & (found[LEVEL] > 0)]
        own = own.sort_values(LEVEL)
        columns = (own[column].tolist() for column in (WEIGHTS_LEFT, "median", "reach", "n"))
        return cls(*columns)

    def at(self, place: int) -> str:
        """ "20 with 80.0 %", "never with 4.4 %"."""
        k = self.medians[place]
        said = "never" if math.isinf(k) else f"{k:.0f}"
        return f"{said} with {weights(self.lefts[place])} %"

    def counted(self, place: int) -> str:
        """ "20 with 80.0 % (9 of 9 samples become stable)"."""
        return f"{self.at(place)} ({self.reach[place]} of {self.n[place]} samples become stable)"

    def some(self, places: Sequence[int]) -> str:
        positive = [place % len(self.medians) for place in places]
        return ", ".join(self.at(place) for place in dict.fromkeys(positive))

    def first_step(self, *, later: bool, start: int = 0) -> int | None:
        """The first level whose median is later (or earlier) than that before it; None if none."""
        for place in range(start + 1, len(self.medians)):
            one, other = self.medians[place - 1], self.medians[place]
            if one < other if later else one > other:
                return place
        return None

    def between(self, place: int) -> str:
        return f"from {self.counted(place - 1)} to {self.counted(place)}"


def _random_only_later(study: Study) -> Shown | None:
    found = _Medians.of(study, RANDOM_PRUNING)
    last = len(found.medians) - 1
    if last < 2:
        return None
    sentence = f"median onsets: {found.some([0, (last + 1) // 2, last])} left"
    earlier = found.first_step(later=False)
    if earlier is not None:
        return Shown(sentence, Evidence(False, f"the median onset falls {found.between(earlier)}"))
    if found.medians[0] == found.medians[-1]:
        return Shown(
            sentence,
            Evidence(None, f"the median onset is the same at all levels: {found.counted(0)}"),
        )
    text = (
        f"the median onset never falls, and rises from {found.counted(0)} to {found.counted(last)}"
    )
    return Shown(sentence, Evidence(True, text))


def _imp_earlier_then_later(study: Study) -> Shown | None:
    found = _Medians.of(study, IMP)
    last = len(found.medians) - 1
    if last < 2:
        return None
    lowest = min(range(last + 1), key=found.medians.__getitem__)
    return Shown(
        f"median onsets: {found.some([0, lowest, last])} left", _falls_and_rises(found, lowest)
    )


def _falls_and_rises(found: _Medians, lowest: int) -> Evidence:
    """Whether medians fall to the lowest and rise after it."""
    last = len(found.medians) - 1
    too_soon = found.first_step(later=True)
    again = found.first_step(later=False, start=lowest)
    if too_soon is not None and too_soon <= lowest:
        return Evidence(
            False, f"before the earliest the median onset rises {found.between(too_soon)}"
        )
    if again is not None:
        return Evidence(False, f"after the earliest the median onset falls {found.between(again)}")
    if found.medians[lowest] == found.medians[last]:
        return Evidence(False, f"the median onset never rises: the last is {found.counted(last)}")
    if found.medians[0] == found.medians[lowest]:
        return Evidence(
            None,
            f"the median onset rises to {found.counted(last)}, but the first level already has the "
            f"earliest, {found.counted(0)}, so none can be seen to become earlier",
        )
    return Evidence(
        True,
        f"the median onset goes from {found.counted(0)} down to {found.counted(lowest)} and up to "
        f"{found.counted(last)}",
    )


def _extreme(study: Study) -> Shown | None:
    reference = study.reference
    if reference is None or math.isnan(reference.std) or len(study.levels) < 2:
        return None
    imp = extreme_level(study.cells, reference)
    first = study.cells[study.cells[REWIND] == study.cells[REWIND].min()]
    lines = {IMP: best_by_level(study.cells)}
    for name in CONTROLS:
        own = first[(first[STRATEGY] == name) & first["accuracy_test"].notna()]
        if len(own):
            lines[name] = own
    if imp is None or len(lines) < 2:
        return None
    border = reference.mean - reference.std
    found: dict[str, int] = {}
    for name, line in lines.items():
        meets = line["accuracy_test"] + line["accuracy_test_std"] >= border
        found[name] = int(line.loc[meets, LEVEL].max()) if meets.any() else 0
    said = ", ".join(
        f"{called(name)} " + (f"{weights(study.left(level))} %" if level else "at no level")
        for name, level in found.items()
    )
    most = max(level for name, level in found.items() if name != IMP)
    where = imp if imp > most else most
    values = ", ".join(
        f"{called(name)} {spread(*_accuracy(line, where))} %" for name, line in lines.items()
    )
    return Shown(
        f"sparsest level whose band meets the dense networks’: {said}",
        Evidence(
            imp > most,
            f"mean ± standard deviation over inits with {weights(study.left(where))} % left: "
            f"{values}; the dense networks’ band begins at {number(border)} %",
        ),
    )


def _accuracy(line: pd.DataFrame, level: int) -> tuple[float, float]:
    """Mean accuracy and deviation over inits; NaN where it was not measured."""
    own = line[line[LEVEL] == level]
    if own.empty:
        return math.nan, math.nan
    return float(own["accuracy_test"].iloc[0]), float(own["accuracy_test_std"].iloc[0])


def _error_still_falls(study: Study) -> Shown | None:
    """Of the levels in range III: whether IMP's error is lower where it is stable."""
    if len(study.levels) < 2:
        return None
    third = ranges(study.samples)
    third = third[third["range"] == "III"]
    said: list[str] = []
    parts: list[Evidence] = []
    for level in map(int, third[LEVEL]):
        line = study.line(IMP, level)
        line = line[line["stable"].notna() & line["accuracy_test"].notna()]
        stable = line["stable"].astype(bool)
        if stable.all() or not stable.any():
            continue
        moving, at_rest = (
            errors(sampled(study.usual, "accuracy_test", IMP, level, list(line.loc[at, REWIND])))
            for at in (~stable, stable)
        )
        left = f"with {weights(study.left(level))} %"
        said.append(f"{quoted(moving)} to {quoted(at_rest)} {left}")
        parts.append(smaller(f"stable less unstable {left}", by_init(*at_rest), by_init(*moving)))
    if not parts:
        return None
    return Shown(f"mean error where unstable and where stable: {', '.join(said)}", all_of(parts))


CLAIMS = (
    Claim(
        name="ranges",
        figure="fig8",
        source="Section 4.4, Figure 8",
        says="As sparsity grows, even random pruning matches (I), then IMP alone (II), then "
        "nothing (III).",
        check=_order_of_ranges,
    ),
    Claim(
        name="random-only-later",
        figure="fig8",
        source="Section 4.4, Figure 8",
        says="As sparsity grows, randomly pruned subnetworks only become stable later, until they "
        "no longer do.",
        check=_random_only_later,
    ),
    Claim(
        name="imp-earlier-then-later",
        figure="fig8",
        source="Section 4.4, Figure 8",
        says="As sparsity grows, IMP subnetworks become stable earlier, and eventually later.",
        check=_imp_earlier_then_later,
    ),
    Claim(
        name="extreme",
        figure="app-b",
        source="Appendix B, Figure 9",
        says="IMP at its best k matches at sparser levels than the controls at k = 0.",
        check=_extreme,
    ),
    Claim(
        name="error-still-falls",
        figure="app-e",
        source="Section 4.4, appendix E",
        says="In range III the error of IMP subnetworks still decreases when they become stable.",
        check=_error_still_falls,
    ),
)
