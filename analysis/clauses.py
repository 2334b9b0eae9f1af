"""Verdicts in words: predicates of networks, with the measured numbers behind them."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

import pandas as pd

from analysis.formats import extent, interval, listed, number
from analysis.onsets import first_lasting
from analysis.published import Verdict
from analysis.records import REWIND, STRATEGY
from analysis.strategies import strategy

FEW = 2
"""Inits of which an interval is so wide that their number is told beside it."""


class _Wording(NamedTuple):
    noun: str
    quantity: str  # what the verdict is about
    column: str  # where it stands
    unit: str
    of: str  # what an interval is of, where that is not the mean of the quantity
    threshold: str


_WORDINGS: dict[Verdict, _Wording] = {
    "stable": _Wording("stability", "instability", "instability_test", "%", "", "threshold"),
    "matching": _Wording(
        "matching",
        "accuracy drop",
        "drop",
        "points",
        " of the drop",
        "tolerated drop",
    ),
}

_Pieces = list[tuple[pd.Series, str]]
"""Values of a verdict's column, and where they were measured: "at iteration 0"."""


def clause(cells: pd.DataFrame, verdict: Verdict) -> str | None:
    """Return a predicate: the verdict over the rewind points, with the numbers behind it.

    The cells are of one line, or of several whose verdicts are all the same. None if there is
    nothing to say.
    """
    words = _WORDINGS[verdict]
    cells = cells.sort_values(REWIND, kind="stable")
    known = cells[cells[verdict].notna()]
    if known.empty:
        return None
    if (known["n"] == 1).all():
        name, values = _told(_one_by_one(known, words), words)
        of = " of" if name == words.quantity else ""
        notes = ["one sample each, so no verdict", *_passed_over(cells, verdict)]
        return f"have an {name}{of} {values} ({'; '.join(notes)})"
    k, holds = known[REWIND], known[verdict].astype(bool)
    onset = first_lasting(k.unique(), holds.groupby(k).all().to_numpy(dtype=bool))
    seen = "measured" if len(known) == len(cells) else "judged"
    numbers = _numbers(known, holds, onset, words, seen)
    notes = [numbers, *_passed_over(cells, verdict), *_without_interval(known, words)]
    return f"{_bracket(k, holds, onset, verdict, seen)} ({'; '.join(notes)})"


def _passed_over(cells: pd.DataFrame, verdict: Verdict) -> list[str]:
    """The cells that are not judged, and those that lack samples: "3 of 9 samples left out"."""
    points: dict[str, list[Hashable]] = {}
    for (k, unjudged), group in cells.groupby([cells[REWIND], cells[verdict].isna()]):
        measured, counting = int(group["pairs"].sum()), int(group["n"].sum())
        lacks = f"{measured - counting} of {measured} samples left out"
        if unjudged:
            why = lacks if counting < measured else "one sample"
            points.setdefault(f"not judged at iteration {{}}: {why}", []).append(k)
        elif counting < measured:
            points.setdefault(f"{lacks} at iteration {{}}", []).append(k)
    return [text.format(listed(ks)) for text, ks in points.items()]


def _without_interval(judged: pd.DataFrame, words: _Wording) -> list[str]:
    """The cells that have no interval, where others have one."""
    lone = judged[judged[f"{words.column}_low"].isna()]
    if lone.empty or len(lone) == len(judged):
        return []
    why = ": one init" if (lone["inits"] == 1).all() else ""
    return [f"no interval at iteration {listed(list(lone[REWIND].unique()))}{why}"]


def reserve(cells: pd.DataFrame, verdict: Verdict) -> list[str]:
    """Return a sentence about the cells whose interval spans the threshold, if there are any."""
    words = _WORDINGS[verdict]
    found = cells[cells[f"{verdict}_borderline"] & (cells["n"] > 1)]
    if found.empty:
        return []
    several = cells[STRATEGY].nunique() > 1
    places = []
    for row in found.sort_values(REWIND, kind="stable").to_dict("records"):
        of = f" for {strategy(row[STRATEGY]).adjective} ones" if several else ""
        spans = interval(row[f"{words.column}_low"], row[f"{words.column}_high"])
        few = f", {row['inits']} inits" if row["inits"] <= FEW else ""
        places.append(f"{row[REWIND]}{of} ({spans} {words.unit}{few})")
    one = len(places) == 1
    intervals = "this 95 % interval" if one else "these 95 % intervals"
    contain = f"{intervals}{words.of} contain{'s' if one else ''}"
    return [
        f"{words.noun.capitalize()} is borderline at iteration {listed(places)}: {contain} the "
        f"{words.threshold}."
    ]


def _bracket(k: pd.Series, holds: pd.Series, onset: float, verdict: Verdict, seen: str) -> str:
    """When a line's verdict holds: "become stable between iteration 0 and 20"."""
    points = list(k.unique())
    if len(points) == 1:
        says = "are" if holds.all() else "are not"
        return f"{says} {verdict} at iteration {points[0]}, the only one {seen}"
    if not holds.any():
        return f"are not {verdict} up to iteration {points[-1]}"
    if holds.all():
        return f"are {verdict} from iteration {points[0]} on"
    where = [point for point in points if holds[k == point].all()]
    if onset == float("inf"):
        return (
            f"are {verdict} when rewound to iteration {listed(where)} but not at {points[-1]}, "
            f"the last one {seen}"
        )
    failed = max(point for point in points if point < onset)
    says = f"become {verdict} between iteration {failed} and {onset:.0f}"
    before = [point for point in where if point < onset]
    return says + (f", though they are at {listed(before)}" if before else "")


def _numbers(
    judged: pd.DataFrame, holds: pd.Series, onset: float, words: _Wording, seen: str
) -> str:
    """The measured values: those before an onset one by one, the others as a range."""
    k, values = judged[REWIND], judged[words.column]
    if holds.nunique() == 1:
        every = f"every k {seen}: {', '.join(map(str, k.unique()))}; " if k.nunique() > 1 else ""
        return every + " ".join(_told([(values, "")], words))
    if onset == float("inf"):
        return " ".join(_told(_one_by_one(judged, words), words))
    after = values[k >= onset]
    later = f"at {onset:.0f}" if len(after) == 1 else f"from {onset:.0f} on"
    return " ".join(_told([*_one_by_one(judged[k < onset], words), (after, later)], words))


def _one_by_one(cells: pd.DataFrame, words: _Wording) -> _Pieces:
    places = [f"at {k}" for k in cells[REWIND]]
    places[0] = f"at iteration {cells[REWIND].iloc[0]}"
    return [(cells[words.column].iloc[[i]], place) for i, place in enumerate(places)]


def _told(pieces: _Pieces, words: _Wording) -> tuple[str, str]:
    """What was measured, and its values: "instability", "64.3 % at iteration 0, 1.1 % at 20".

    Where some accuracy is above the dense networks', so are all worded: no drop is negative.
    """
    name, texts = words.quantity, [extent(values, words.unit) for values, _ in pieces]
    if words.column == "drop" and any(_gains(values.min()) for values, _ in pieces):
        name, texts = "accuracy", [_beside_dense(values, words.unit) for values, _ in pieces]
        texts[0] += " the dense networks'"
    places = [place for _, place in pieces]
    return name, ", ".join(f"{a} {b}".rstrip() for a, b in zip(texts, places, strict=True))


def _gains(drop: float) -> bool:
    """Whether a drop is negative as it is printed."""
    return round(drop, 1) < 0


def _beside_dense(drops: pd.Series, unit: str) -> str:
    low, high = drops.min(), drops.max()
    if _gains(high):
        return f"{extent(-drops, unit)} above"
    if not _gains(low):
        return f"{extent(drops, unit)} below"
    return f"between {number(high)} {unit} below and {number(-low)} {unit} above"
