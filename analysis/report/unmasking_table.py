"""The page's table of Unmasking's settings and savings, of its own networks and of ours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd

from analysis.ends import of_levels
from analysis.formats import UNKNOWN, number
from analysis.levels import adaptive_means, adaptive_table
from analysis.published_unmasking import SAVING, SETTINGS
from analysis.records import INIT_SEED, LEVEL, LEVEL_2, REWIND, STRATEGY
from analysis.strategies import IMP, IMP_ADAPTIVE

if TYPE_CHECKING:
    from analysis.study import Study

COLUMNS = (
    *("recipe", "of", "iterations", "rounds", "rewind k", "inits"),
    *("retrainings to few weights", "compute saved %"),
)

CAPTION = (
    "The settings of Unmasking, and of the sweeps here: rounds of pruning 20 %, rewind points and "
    "inits of the paths between levels; and the retrainings until few weights are left, of pruning "
    "20 % at each level and adaptively, with what this saves."
)


def table(studies: Iterable[Study]) -> pd.DataFrame:
    """Return a row per published recipe, and one per recipe of ours that has something of these.

    Empty where none of ours has.
    """
    rows = [
        {
            "recipe": recipe,
            "of": "paper",
            "iterations": f"{one.iterations}",
            "rounds": f"{one.rounds}",
            "rewind k": ", ".join(map(str, one.rewinds)),
            "inits": f"{one.replicates}",
            **(
                {
                    "retrainings to few weights": _to_few(
                        SAVING.fixed, SAVING.adaptive, SAVING.until_left
                    ),
                    "compute saved %": "{:g} to {:g}".format(*SAVING.compute_saved),
                }
                if recipe == SAVING.recipe
                else {}
            ),
        }
        for recipe, one in SETTINGS.items()
    ]
    ours: dict[str, dict[str, str]] = {}
    for study in studies:
        found = _paths(study) | _savings(study)
        if found:
            total = study.iterations.get(study.recipe, UNKNOWN)
            begin = {"recipe": study.recipe, "of": "here", "iterations": f"{total}"}
            ours[study.recipe] = begin | found | ours.get(study.recipe, {})
    rows = rows if ours else []
    return pd.DataFrame([*rows, *ours.values()], columns=COLUMNS, dtype="object").fillna(UNKNOWN)


def _paths(study: Study) -> dict[str, str]:
    """Settings of a study that compares every two levels of IMP."""
    trials = study.trials[of_levels(study.trials)]
    trials = trials[trials[STRATEGY] == IMP]
    if trials.empty or (trials[LEVEL_2] == trials[LEVEL] + 1).all():
        return {}
    return {
        "rounds": f"{trials[LEVEL_2].max()}",
        "rewind k": ", ".join(map(str, sorted(trials[REWIND].unique()))),
        "inits": f"{trials[INIT_SEED].nunique()}",
    }


def _savings(study: Study) -> dict[str, str]:
    """What adaptive pruning saves at the latest k."""
    if IMP_ADAPTIVE not in set(study.trials[STRATEGY]):
        return {}
    means = adaptive_means(adaptive_table(study))
    means = means[means["n"] > 0].sort_values(REWIND)
    if means.empty:
        return {}
    row = means.iloc[-1]
    return {
        "retrainings to few weights": _to_few(
            row["retrainings_fixed"], row["retrainings_adaptive"], study.until_left
        ),
        "compute saved %": number(row["compute_saved"]),
    }


def _to_few(fixed: float, adaptive: float, until: float) -> str:
    return f"fixed {fixed:.3g}, adaptive {adaptive:.3g}, to {until:g} %"
