"""What a search over hyperparameters came by: its combinations by what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from analysis.evidence import Evidence, Finding, about, each
from analysis.formats import UNKNOWN, number
from analysis.hyperparameters import Axes, said, value_text, values_of
from analysis.objectives import MEANINGS, Outcome, value
from analysis.records import DIVERGED, RECIPE, STRATEGY

SHOWN = 10
"""Combinations in the table of the best."""


@dataclass(frozen=True)
class Unfinished:
    """A combination without some of its trials."""

    trials: int
    """Recorded ones."""
    whole: int
    """Those of a combination that is complete."""
    rung: int | None = None
    """The rung after which the search stopped it, counted from 1; None if it did not."""

    def __str__(self) -> str:
        part = f"{self.trials} of {self.whole} trials"
        return f"not complete ({part})" if self.rung is None else f"stopped early ({part})"


@dataclass(frozen=True)
class Tuned:
    """What a spec searched for."""

    metric: str
    """A key of `objectives.MEANINGS`."""
    mode: str
    """`min` or `max`."""
    unfinished: Mapping[str, Unfinished] = field(default_factory=dict)
    """Label of a recipe -> what there is of it, unless it is complete."""

    @property
    def meaning(self) -> str:
        """The metric in words, with its unit."""
        return MEANINGS[self.metric]


def scores(trials: pd.DataFrame, tuned: Tuned) -> pd.DataFrame:
    """Return a row per recipe, the best first: `recipe`, `value`, `complete`, and means.

    `value` is the metric; `instability` and `accuracy` (%, test) leave out what diverged. Recipes
    that are not complete come last: their values are of fewer trials.
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
        own_value = value(tuned.metric, outcomes)
        whole = str(label) not in tuned.unfinished
        rows.append({RECIPE: str(label), "value": own_value, "complete": whole, **means})
    frame = pd.DataFrame(rows, columns=[RECIPE, "value", "complete", "instability", "accuracy"])
    ascending = [False, tuned.mode == "min"]
    return frame.sort_values(["complete", "value"], ascending=ascending, ignore_index=True)


def table(trials: pd.DataFrame, axes: Axes, tuned: Tuned) -> pd.DataFrame:
    """Return the best combinations as strings, a column for each hyperparameter.

    Where some combination is not complete, a last column says of each whether it is.
    """
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
    if tuned.unfinished:
        columns["trained"] = [str(tuned.unfinished.get(one, "complete")) for one in best[RECIPE]]
    return about(pd.DataFrame(columns, dtype="object"), each(best, [RECIPE]))


def caption(trials: pd.DataFrame, tuned: Tuned) -> str:
    """Return the caption of `table`."""
    number_of = trials[RECIPE].nunique()
    return (
        f"The best of {number_of} combinations that the search tried, by the {tuned.meaning}. The "
        "best is chosen by these same trials, so its number flatters it: run it again with other "
        f"seeds.{_stopped(trials, tuned)}"
    )


def _stopped(trials: pd.DataFrame, tuned: Tuned) -> str:
    """Return how many combinations the search stopped early, in a sentence; empty if none."""
    labels = set(trials[RECIPE])
    number_of = sum(one.rung is not None for n, one in tuned.unfinished.items() if n in labels)
    if not number_of:
        return ""
    return (
        f" The search stopped {number_of} of them early: their values are means of fewer trials, "
        "and they come after those that are complete."
    )


def finding(trials: pd.DataFrame, axes: Axes, tuned: Tuned) -> list[Finding]:
    """Return which complete combination is best, in a sentence; nothing of fewer than two."""
    tried = scores(trials, tuned)
    found = tried[tried["complete"]]
    if len(tried) < 2 or found.empty:
        return []
    first, last = found.iloc[0], found.iloc[-1]
    best = f"{said(values_of(axes, first[RECIPE]))} is the best"
    if len(found) == len(tried):
        best = f"Of {len(found)} combinations that were tried, {best}"
    else:
        best = (
            f"Of {len(tried)} combinations that were tried, {len(found)} "
            f"{'is' if len(found) == 1 else 'are'} complete; of these, {best}"
        )
    return [
        Finding(
            f"{best}: {tuned.meaning} {first['value']:.2f}; the worst has {last['value']:.2f}.",
            Evidence("best", ({RECIPE: first[RECIPE]},)),
            Evidence("search"),
        )
    ]
