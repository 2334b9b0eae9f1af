"""Levels held against each other, and adaptive pruning, as tables of strings and in sentences."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.ends import of_levels
from analysis.evidence import Evidence, Finding, about, places
from analysis.formats import UNKNOWN, interval, number, spread, weights
from analysis.levels import (
    Agreement,
    adaptive_means,
    adaptive_table,
    agreement,
    eps_of,
    judged_pairs,
    neighbours,
)
from analysis.published_unmasking import saving_of
from analysis.records import LEVEL, LEVEL_2, RECIPE, REWIND, STRATEGY
from analysis.strategies import IMP, IMP_ADAPTIVE, PERTURBED, strategy
from analysis.study import by_recipe

if TYPE_CHECKING:
    from analysis.study import Study

KEYS = ("levels", "rewind k", "schedule")
"""Columns that say what a row of these tables is about."""


def tables(whole: Study) -> dict[str, pd.DataFrame]:
    """Return tables of strings by their captions, of every recipe; none where nothing is known.

    A table per strategy and k of the pairs of successive levels, and one of adaptive pruning.
    """
    found: dict[str, pd.DataFrame] = {}
    for prefix, study in _named(whole):
        judged = judged_pairs(study)
        judged = judged[judged["measured"] > 0]
        judged = judged[neighbours(judged)]
        for (name, k), rows in judged.groupby([STRATEGY, REWIND], sort=False):
            found[f"{prefix}{_caption(str(name), int(str(k)), rows, study)}"] = _of_pairs(
                rows, study.recipe
            )
        means = adaptive_means(adaptive_table(study))
        means = means[means["n"] > 0]
        if len(means):
            found[
                f"{prefix}Adaptive pruning against a fixed share per level, at the first level "
                f"with at most {study.until_left:g} % of weights left: means ± standard deviation "
                "over inits. Iterations are all that were trained, the dense network’s among them. "
                "The difference of the errors has its 95 % interval in brackets."
            ] = _of_schedules(means, study.until_left)
    return found


def findings(whole: Study) -> list[Finding]:
    """Return what the tables say, a sentence or two each; none where nothing is known."""
    found: list[Finding] = []
    for prefix, study in _named(whole):
        judged = judged_pairs(study)
        for name, rows in judged.groupby(STRATEGY, sort=False):
            count = agreement(rows)
            if count.total:
                where = ({RECIPE: study.recipe, STRATEGY: name},)
                says = f"{prefix}{_counted(count, str(name))} {_meaning(study)}"
                found.append(Finding(says, Evidence("levels", where)))
        means = adaptive_means(adaptive_table(study))
        found += [
            Finding(
                prefix + _saving(row, study),
                Evidence("adaptive", ({RECIPE: study.recipe, REWIND: row.rewind},)),
            )
            for row in means[means["n"] > 0].itertuples()
        ]
    return found


def _named(whole: Study) -> Iterable[tuple[str, Study]]:
    """The study of each recipe that has what is told here, and what goes before its sentences."""
    names = set(whole.trials[STRATEGY]) if len(whole.trials) else set()
    if not of_levels(whole.trials).any() and IMP_ADAPTIVE not in names:
        return
    studies = by_recipe(whole)
    for recipe, study in studies.items():
        yield (f"{recipe}: " if len(studies) > 1 else ""), study


def _caption(name: str, k: int, rows: pd.DataFrame, study: Study) -> str:
    if name == PERTURBED:
        what = f"The dense network (0) and its perturbed copy (1), k = {k}."
    else:
        what = f"{strategy(name).label}, successive levels, k = {k}."
        count = agreement(rows)
        what += f" {_counted(count, name)}" if count.total else ""
    return (
        f"{what} Barrier in points, mean ± standard deviation over inits; highest error on the "
        f"straight line between the two, in %. {_meaning(study)}"
    )


def _meaning(study: Study) -> str:
    eps = eps_of(study)
    if pd.isna(eps):
        return "Nothing is said of connection: ε, the dense networks’ deviation, is not known."
    return (
        f"Connected is a mean barrier below ε = {eps:.2f} points, the standard deviation of the "
        "dense networks’ error over inits."
    )


def _counted(count: Agreement, name: str) -> str:
    """The 2 x 2 count in a sentence."""
    both = count.matching_connected + count.matching_apart
    others = count.total - both
    of = strategy(name).adjective
    says = f"Of {_pairs(count.total)} of successive {of} levels {both} match at both levels"
    says += f", and {_connected(count.matching_connected, 'these')}" if both else ""
    says += f"; {_connected(count.other_connected, f'the other {others}')}" if others else ""
    return f"{says}."


def _connected(number_of: int, those: str) -> str:
    return f"{number_of or 'none'} of {those} {'is' if number_of <= 1 else 'are'} connected"


def _pairs(number_of: int) -> str:
    return f"{number_of} pair{'' if number_of == 1 else 's'}"


def _of_pairs(rows: pd.DataFrame, recipe: str) -> pd.DataFrame:
    """A row per pair of levels."""
    every: list[Any] = list(rows.itertuples())
    columns = {
        "levels": [f"{row.level}–{row.level_2}" for row in every],
        "weights left %": [_lefts(row.weights_left, row.weights_left_2) for row in every],
        "barrier": [_barrier(row) for row in every],
        "highest error %": [spread(row.highest, row.highest_std) for row in every],
        "n": [str(row.n) for row in every],
        "connected": [_verdict(row.connected) for row in every],
        "both matching": [_verdict(row.both_matching) for row in every],
    }
    pair = places(rows, [STRATEGY, LEVEL, LEVEL_2, REWIND])
    return about(pd.DataFrame(columns, dtype="object"), [{RECIPE: recipe, **at} for at in pair])


def _barrier(row: Any) -> str:
    """Two decimals: eps is often below one point."""
    if pd.isna(row.barrier):
        return UNKNOWN
    return f"{row.barrier:.2f}" + ("" if pd.isna(row.barrier_std) else f" ± {row.barrier_std:.2f}")


def _lefts(first: float, second: float) -> str:
    return " to ".join(dict.fromkeys([weights(first), weights(second)]))


def _verdict(holds: Any) -> str:
    return UNKNOWN if pd.isna(holds) else "yes" if holds else "no"


def _of_schedules(means: pd.DataFrame, until_left: float) -> pd.DataFrame:
    """Three rows per k: the fixed schedule, the adaptive one, and what is saved.

    With what the paper has of the recipe, if it has anything.
    """
    rows: list[dict[str, str]] = []
    for _, row in means.iterrows():
        said = {
            schedule: {
                head: spread(row[f"{name}_{schedule}"], row[f"{name}_{schedule}_std"])
                for head, name in _HEADS.items()
            }
            for schedule in ("fixed", "adaptive")
        }
        said["saved"] = {
            "retrainings": _percent(row["retrainings_saved"]),
            "weights left %": "",
            "iterations": _percent(row["compute_saved"]),
            "error %": _difference(row),
        }
        paper = saving_of(row[RECIPE], until_left)
        if paper is not None:
            said["fixed"]["paper"] = f"{paper.fixed} retrainings"
            said["adaptive"]["paper"] = f"{paper.adaptive} retrainings"
            said["saved"]["paper"] = "{:g} to {:g} % of compute".format(*paper.compute_saved)
        n = f"{row['n']} of {row['inits']}"
        rows += [
            {"rewind k": str(row[REWIND]), "schedule": schedule, **values, "n": n}
            for schedule, values in said.items()
        ]
    compared = [
        {RECIPE: row[RECIPE], REWIND: row[REWIND], **of}
        for _, row in means.iterrows()
        for of in ({STRATEGY: IMP}, {STRATEGY: IMP_ADAPTIVE}, {})
    ]
    return about(pd.DataFrame(rows, dtype="object"), compared)


_HEADS = {
    "retrainings": "retrainings",
    "weights left %": "weights_left",
    "iterations": "iterations",
    "error %": "error",
}


def _percent(value: float) -> str:
    return UNKNOWN if pd.isna(value) else f"{number(value)} %"


def _difference(row: Any) -> str:
    low, high = row["error_difference_low"], row["error_difference_high"]
    within = "" if pd.isna(low) else f" ({interval(low, high, signed=True)})"
    return number(row["error_difference"], signed=True) + within


def _saving(row: Any, study: Study) -> str:
    compute = "" if pd.isna(row.compute_saved) else f" and {number(row.compute_saved)} % of compute"
    low, high = row.error_difference_low, row.error_difference_high
    within = "" if pd.isna(low) else f" (95 % interval {interval(low, high, signed=True)})"
    return (
        f"Adaptive pruning, k = {row.rewind}: {number(row.retrainings_adaptive)} retrainings to at "
        f"most {study.until_left:g} % of weights left instead of {number(row.retrainings_fixed)}, "
        f"which saves {number(row.retrainings_saved)} % of retrainings{compute}; its error minus "
        f"the fixed schedule’s is {number(row.error_difference, signed=True)} points{within}."
    )
