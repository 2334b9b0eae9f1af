"""The central findings in sentences that claim no more than was measured."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from analysis import ends
from analysis.formats import extent, interval, listed, number, weights
from analysis.onsets import first_lasting
from analysis.published import VERDICTS, Verdict, beside
from analysis.records import LEVEL, RECIPE, REWIND, STRATEGY, WEIGHTS_LEFT
from analysis.statistics import ON_THRESHOLD
from analysis.strategies import DENSE, IMP, rank, strategy


class _Wording(NamedTuple):
    quantity: str  # what the verdict is about
    column: str  # where it stands
    unit: str


_WORDINGS: dict[Verdict, _Wording] = {
    "stable": _Wording("instability", "instability_test", "%"),
    "matching": _Wording("accuracy drop", "drop", "points"),
}


def partial(trials: pd.DataFrame, planned: int | None) -> str | None:
    """Say that a report is partial, and of what; None if all `planned` trials are recorded.

    `planned` is None where it is not known how many there will be.
    """
    if planned is None or len(trials) >= planned:
        return None
    counts = trials[STRATEGY].value_counts()
    there = [
        f"{strategy(str(n)).label} {counts[n]}" for n in sorted(map(str, counts.index), key=rank)
    ]
    of = f" ({', '.join(there)})" if there else ""
    return (
        f"Partial: {len(trials)} of {planned} trials{of}; every number is of these alone and may "
        "change as the others finish."
    )


def findings(cells: pd.DataFrame) -> list[str]:
    """The central findings, one plain sentence each; none for an empty frame.

    How many networks diverged or are no better than chance; when the dense network is stable (LMC
    section 3); when IMP subnetworks are stable and matching at the extreme sparsity, the
    sparsest level that matches at any rewind point (LMC section 4.3 and appendix B); the same
    for the other strategies at that level; how often stable and matching agree; and how many
    published accuracies ours agree with. With several recipes, each sentence names its own.
    """
    several = cells[RECIPE].nunique() > 1
    return [
        (f"{recipe}: " if several else "") + sentence
        for recipe, of_recipe in cells.groupby(RECIPE, sort=False)
        for sentence in _findings(of_recipe)
    ]


def _findings(cells: pd.DataFrame) -> list[str]:
    dense, sparse = cells[cells[STRATEGY] == DENSE], cells[cells[STRATEGY] != DENSE]
    sentences = [*ends.sentences(cells)]
    if clause := _clause(dense, "stable"):
        sentences.append(f"Dense networks {clause}.")
    sentences += _of_subnetworks(sparse)
    sentences += _agreement(sparse)
    deviations = beside(cells)["deviation"].dropna()
    if not deviations.empty:
        agree = int((deviations <= 1 + ON_THRESHOLD).sum())
        sentences.append(
            "Published accuracies that ours agree with, within one standard deviation of ours plus "
            f"theirs: {agree} of {len(deviations)}."
        )
    return [*sentences, *_reservations(cells, dense, sparse)]


def _of_subnetworks(sparse: pd.DataFrame) -> list[str]:
    if sparse.empty:
        return []
    sentences = []
    level, choice = _focus(sparse)
    for group in _alike(sparse[sparse[LEVEL] == level]):
        clauses = [clause for v in VERDICTS if (clause := _clause(group, v))]
        if not clauses:
            continue
        names = listed([strategy(name).adjective for name in group[STRATEGY].unique()])
        left = weights(group[WEIGHTS_LEFT].mean())
        sentences.append(
            f"{names[0].upper()}{names[1:]} subnetworks with {left} % of weights left{choice} "
            f"{', and '.join(clauses)}."
        )
        choice = ""  # said once
    return sentences


def _agreement(sparse: pd.DataFrame) -> list[str]:
    judged = sparse[sparse["matching"].notna() & sparse["stable"].notna() & (sparse["n"] > 1)]
    if len(judged) < 2:
        return []
    agree = int((judged["stable"] == judged["matching"]).sum())
    unstable = int((judged["matching"] & ~judged["stable"]).sum())
    borderline = int((judged["stable_borderline"] | judged["matching_borderline"]).sum())
    says = f"; borderline in either: {borderline}" if borderline else ""
    return [
        f"Whether subnetworks are stable and whether they are matching agree in {agree} of "
        f"{len(judged)} combinations of strategy, sparsity and rewind point; matching but "
        f"unstable: {unstable}{says}."
    ]


def _reservations(cells: pd.DataFrame, dense: pd.DataFrame, sparse: pd.DataFrame) -> list[str]:
    """What the other sentences cannot say, and why."""
    found = []
    if not sparse.empty and dense.empty:
        found.append("No dense network was measured, so matching cannot be judged.")
    elif not sparse.empty and not dense["reference"].any():
        found.append(
            "No dense network at the smallest rewind point is trained, so matching cannot be "
            "judged."
        )
    elif not sparse.empty and sparse["matching"].isna().all() and (sparse["n"] > 0).any():
        found.append(
            "The dense networks have one init and so no deviation over inits, so matching cannot "
            "be judged."
        )
    if (cells["n"] > 1).any() and cells["inits"].max() == 1:
        found.append(
            "All networks have the same init: there is no interval, and what other inits would "
            "give is not known."
        )
    return found


def _focus(sparse: pd.DataFrame) -> tuple[int, str]:
    """The level that findings are about, and why that one (in brackets, if it is a choice)."""
    lead = sparse[sparse[STRATEGY] == IMP]
    name = "IMP level" if not lead.empty else "level"
    lead = lead if not lead.empty else sparse
    matching = lead[lead["matching"].fillna(False)]
    sparsest = (matching if not matching.empty else lead).sort_values(WEIGHTS_LEFT)
    level, count = int(sparsest[LEVEL].iloc[0]), lead[LEVEL].nunique()
    if count == 1:
        return level, ""
    if not matching.empty:
        return level, f" (the sparsest of {count} {name}s to match at some rewind point)"
    if lead["matching"].isna().all():
        return level, f" (the sparsest of {count} {name}s)"
    return level, f" (the sparsest of {count} {name}s, none of which is matching)"


def _alike(cells: pd.DataFrame) -> list[pd.DataFrame]:
    """Cells by strategy; those of all strategies but IMP together if their verdicts agree."""
    others = cells[cells[STRATEGY] != IMP]
    alike = (others["n"] > 1).all() and all(
        others[verdict].nunique(dropna=False) <= 1 for verdict in VERDICTS
    )
    together = [others] if alike else [group for _, group in others.groupby(STRATEGY, sort=False)]
    return [group for group in (cells[cells[STRATEGY] == IMP], *together) if not group.empty]


def _clause(cells: pd.DataFrame, verdict: Verdict) -> str | None:
    """A predicate: the verdict over the rewind points, with the numbers behind it.

    The cells are of one line, or of several whose verdicts are all the same. None if there is
    nothing to say.
    """
    words = _WORDINGS[verdict]
    cells = cells.sort_values(REWIND, kind="stable")
    known = cells[cells[verdict].notna()]
    if known.empty:
        return None
    judged, single = known[known["n"] > 1], known[known["n"] == 1]
    if judged.empty:
        return (
            f"have an {words.quantity} of {_values(known, words)} (one sample each, so no verdict)"
        )
    k, holds = judged[REWIND], judged[verdict].astype(bool)
    onset = first_lasting(k.unique(), holds.groupby(k).all().to_numpy(dtype=bool))
    seen = "measured" if len(judged) == len(cells) else "judged"
    numbers = [_numbers(judged, holds, onset, words, seen), *_borderline(judged, verdict)]
    for others, why in (
        (single, "one sample and so no verdict"),
        (_without(cells, known), "no verdict"),
    ):
        if not others.empty:
            numbers.append(f"{why} at iteration {listed(list(others[REWIND].unique()))}")
    return f"{_bracket(k, holds, onset, verdict, seen)} ({'; '.join(numbers)})"


def _without(cells: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    return cells[~cells.index.isin(others.index)]


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
        return f"{every}{words.quantity} {extent(values, words.unit)}"
    if onset == float("inf"):
        return f"{words.quantity} {_values(judged, words)}"
    before, after = judged[k < onset], values[k >= onset]
    later = f"{extent(after, words.unit)} {'at' if len(after) == 1 else 'from'} {onset:.0f}"
    later += "" if len(after) == 1 else " on"
    return f"{words.quantity} {_values(before, words)}, {later}"


def _values(cells: pd.DataFrame, words: _Wording) -> str:
    """ "64.3 % at iteration 0, 1.1 % at 20"."""
    pairs = list(zip(cells[words.column], cells[REWIND], strict=True))
    (first, k), *others = pairs
    return ", ".join(
        [
            f"{number(first)} {words.unit} at iteration {k}",
            *(f"{number(value)} {words.unit} at {k}" for value, k in others),
        ]
    )


def _borderline(judged: pd.DataFrame, verdict: Verdict) -> list[str]:
    """The cells whose interval spans the threshold."""
    _, name, unit = _WORDINGS[verdict]
    found = judged[judged[f"{verdict}_borderline"]]
    several = judged[STRATEGY].nunique() > 1
    return [
        f"borderline at iteration {row[REWIND]}"
        + (f" for {strategy(str(row[STRATEGY])).adjective} ones" if several else "")
        + f", 95 % interval {interval(row[f'{name}_low'], row[f'{name}_high'])} {unit}"
        for _, row in found.iterrows()
    ]
