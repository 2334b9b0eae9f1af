"""Networks from files, pair by pair: there is nothing to average over. Pure functions.

Their trials have the strategy `files:FIRST,SECOND` and are no cells: no rewind point, no seed.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.ends import counting, from_files, outcomes
from analysis.evidence import Evidence, Finding, about, each, places
from analysis.formats import UNKNOWN, number, weights
from analysis.records import ACCURACY, INSTABILITY, RECIPE, STRATEGY, WEIGHTS_LEFT, split_metric
from analysis.statistics import below
from analysis.strategies import files_in

NAMED = 5
"""Pairs of a kind that a finding names; the rest are counted."""


def pairs(trials: pd.DataFrame, stable_below: float = 2.0) -> pd.DataFrame:
    """Return the trials of pairs of files, with what each says by itself.

    Added columns: `first` and `second` (the networks' names), `counts` (both networks are better
    than chance) and `connected`: whether the test instability is below `stable_below` points, NA
    for a pair that does not count.
    """
    found = trials[from_files(trials)].drop_duplicates(["trial", RECIPE])
    found = found.sort_values([RECIPE, STRATEGY], ignore_index=True)
    names = [files_in(str(name)) for name in found[STRATEGY]]
    counts = counting(found)
    values = found[split_metric(INSTABILITY, "test")]
    connected = [
        below(value, stable_below) if used else None
        for value, used in zip(values, counts, strict=True)
    ]
    return found.assign(
        first=[first for first, _ in names],
        second=[second for _, second in names],
        counts=counts,
        connected=pd.array(connected, dtype="boolean"),
    )


def table(found: pd.DataFrame) -> pd.DataFrame:
    """Return a row of strings for each of `pairs`; of whom instability was measured."""
    known = found[found[split_metric(ACCURACY, "test", 1)].notna()]
    several = known[RECIPE].nunique() > 1
    left = known[WEIGHTS_LEFT] < 99.95
    columns: dict[str, list[Any]] = {
        **({"recipe": list(known[RECIPE])} if several else {}),
        "first": list(known["first"]),
        "second": list(known["second"]),
        **({"weights left %": [weights(one) for one in known[WEIGHTS_LEFT]]} if left.any() else {}),
        "instability %": [number(one) for one in known["instability_test"]],
        "on train": [number(one) for one in known["instability_train"]],
        "accuracy % of first": [number(one) for one in known["accuracy_test_1"]],
        "accuracy % of second": [number(one) for one in known["accuracy_test_2"]],
        "connected": [
            UNKNOWN if pd.isna(one) else "yes" if one else "no" for one in known["connected"]
        ],
    }
    states = [one or "" for one in outcomes(known)]
    if any(one != "trained" for one in states):
        columns["networks"] = ["at chance" if one == "untrained" else one for one in states]
    table = pd.DataFrame(columns, dtype="object")
    return about(table, each(known, [RECIPE, STRATEGY]))


def findings(found: pd.DataFrame, stable_below: float) -> list[Finding]:
    """Return what `pairs` say, in sentences; none where there are no pairs."""
    sentences: list[Finding] = []
    for recipe, own in found.groupby(RECIPE, sort=False):
        known = own[own["connected"].notna()]
        yes = known["connected"].astype(bool)
        said = f"{recipe}: " if found[RECIPE].nunique() > 1 else ""
        if len(known):
            count, total = int(yes.sum()), len(known)
            what = "pair of files" if total == 1 else "pairs of files"
            verb = "is" if count == 1 else "are"
            said += f"{count} of {total} {what} {verb} linearly connected "
            said += f"(instability below {stable_below:g} %)"
            said += f": {_named(known[yes])}." if count else "."
            if count < total:
                said += f" Not connected: {_named(known[~yes])}."
        chance = own[~own["counts"] & own["accuracy_test_1"].notna()]
        if len(chance):
            said += f" Not judged, since a network is no better than chance: {_named(chance)}."
        if len(known) or len(chance):
            sentences.append(Finding(said.strip(), Evidence("pairs", places(own, [RECIPE]))))
    return sentences


def _named(some: pd.DataFrame) -> str:
    rows = some.sort_values("instability_test", kind="stable").head(NAMED)
    texts = [
        f"{first} – {second} ({number(value)} %)"
        for first, second, value in zip(
            rows["first"], rows["second"], rows["instability_test"], strict=True
        )
    ]
    more = len(some) - len(rows)
    return ", ".join(texts) + (f" and {more} more" if more else "")
