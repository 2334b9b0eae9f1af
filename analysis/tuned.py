"""What a search over hyperparameters came by: its combinations by what came out."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis.evidence import Evidence, Finding, about, each
from analysis.formats import UNKNOWN, number
from analysis.hyperparameters import Axes, said, value_text, values_of
from analysis.objectives import MEANINGS, Outcome, value
from analysis.records import DIVERGED, RECIPE, STRATEGY

SHOWN = 10
"""Combinations in the table of the best."""


@dataclass(frozen=True)
class Tuned:
    """What a spec searched for."""

    metric: str
    """A key of `objectives.MEANINGS`."""
    mode: str
    """`min` or `max`."""

    @property
    def meaning(self) -> str:
        """The metric in words, with its unit."""
        return MEANINGS[self.metric]


def scores(trials: pd.DataFrame, tuned: Tuned) -> pd.DataFrame:
    """Return a row per recipe, the best first: `recipe`, `value`, and means of its trials.

    `value` is the metric; `instability` and `accuracy` (%, test) leave out what diverged. `trials`
    are all or those of recipes that are complete.
    """
    rows = []
    for label, own in trials.groupby(RECIPE, sort=False):
        diverged = own[f"{DIVERGED}_1"] | own[f"{DIVERGED}_2"]
        outcomes = [
            Outcome(str(name), float(instability), float(accuracy), bool(lost))
            for name, instability, accuracy, lost in zip(
                own[STRATEGY], own["instability_test"], own["accuracy_test"], diverged, strict=True
            )
        ]
        means = {name: own[f"{name}_test"].mean() for name in ("instability", "accuracy")}
        rows.append({RECIPE: str(label), "value": value(tuned.metric, outcomes), **means})
    frame = pd.DataFrame(rows, columns=[RECIPE, "value", "instability", "accuracy"])
    return frame.sort_values("value", ascending=tuned.mode == "min", ignore_index=True)


def table(trials: pd.DataFrame, axes: Axes, tuned: Tuned) -> pd.DataFrame:
    """Return the best combinations as strings, a column for each hyperparameter."""
    best = scores(trials, tuned).head(SHOWN)
    columns = {
        name: [value_text(of[label]) if label in of else UNKNOWN for label in best[RECIPE]]
        for name, of in axes.items()
    }
    columns |= {
        tuned.meaning: [f"{one:.2f}" for one in best["value"]],
        "instability %": [number(one) for one in best["instability"]],
        "accuracy %": [number(one) for one in best["accuracy"]],
    }
    return about(pd.DataFrame(columns, dtype="object"), each(best, [RECIPE]))


def caption(trials: pd.DataFrame, tuned: Tuned) -> str:
    """Return the caption of `table`."""
    number_of = trials[RECIPE].nunique()
    return (
        f"The best of {number_of} combinations that the search tried, by the {tuned.meaning}. The "
        "best is chosen by these same trials, so its number flatters it: run it again with other "
        "seeds."
    )


def finding(trials: pd.DataFrame, axes: Axes, tuned: Tuned) -> list[Finding]:
    """Return which combination is best, in a sentence; nothing of fewer than two."""
    found = scores(trials, tuned)
    if len(found) < 2:
        return []
    first, last = found.iloc[0], found.iloc[-1]
    return [
        Finding(
            f"Of {len(found)} combinations that were tried, "
            f"{said(values_of(axes, first[RECIPE]))} is the best: {tuned.meaning} "
            f"{first['value']:.2f}; the worst has {last['value']:.2f}.",
            Evidence("best", ({RECIPE: first[RECIPE]},)),
            Evidence("search"),
        )
    ]
