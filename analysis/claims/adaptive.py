"""What Unmasking says of adaptive pruning, and of the perturbed dense network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.claims.claim import Claim, Shown
from analysis.claims.evidence import Interval, all_of, compared
from analysis.claims.quoting import at_each_k
from analysis.formats import number
from analysis.levels import adaptive_means, adaptive_table, eps_of, level_cells, level_pairs
from analysis.records import REWIND, STRATEGY
from analysis.strategies import PERTURBED

if TYPE_CHECKING:
    from analysis.study import Study


def _means(study: Study) -> pd.Series | None:
    """Of the latest k at which both schedules get to as few weights."""
    means = adaptive_means(adaptive_table(study))
    means = means[means["n"] > 0]
    return None if means.empty else means.sort_values(REWIND).iloc[-1]


def _interval(row: pd.Series, name: str) -> Interval:
    return float(row[name]), float(row[f"{name}_low"]), float(row[f"{name}_high"])


def _fewer(study: Study) -> Shown | None:
    row = _means(study)
    if row is None:
        return None
    text = (
        f"{number(row['retrainings_adaptive'])} retrainings instead of "
        f"{number(row['retrainings_fixed'])} to {number(study.until_left)} % of weights left, at "
        f"k = {int(row[REWIND])}"
    )
    return Shown(
        text, compared("retrainings saved", _interval(row, "retrainings_saved"), 0.0, "above")
    )


def _no_worse(study: Study) -> Shown | None:
    row, eps = _means(study), eps_of(study)
    if row is None or pd.isna(eps):
        return None
    text = (
        f"error {number(row['error_adaptive'])} % with {number(row['weights_left_adaptive'])} % "
        f"left, {number(row['error_fixed'])} % with {number(row['weights_left_fixed'])} %"
    )
    what = "error, adaptive less fixed"
    found = _interval(row, "error_difference")
    evidence = compared(what, found, eps, "at most", " points", meaning="eps")
    return Shown(text, evidence)


def _perturbed(study: Study) -> Shown | None:
    eps = eps_of(study)
    cells = level_cells(level_pairs(study), eps)
    own = cells[(cells[STRATEGY] == PERTURBED) & cells["connected"].notna()]
    if own.empty:
        return None
    parts = [
        compared(
            f"barrier at k = {row[REWIND]}",
            _interval(row, "barrier"),
            eps,
            "at least",
            " points",
            meaning="eps",
        )
        for _, row in own.sort_values(REWIND).iterrows()
    ]
    barriers = zip(own[REWIND], own["barrier"], strict=True)
    text = at_each_k({k: f"{number(value)} points" for k, value in barriers})
    return Shown(f"barrier {text}", all_of(parts))


CLAIMS = (
    Claim(
        name="adaptive-fewer",
        figure="u-fig4",
        paper="Unmasking",
        source="section 2.2, Figure 4",
        says="Pruning as much as the training loss allows needs fewer retrainings (7 instead of 11 "
        "to 9 % of weights left on CIFAR-100).",
        check=_fewer,
    ),
    Claim(
        name="adaptive-no-worse",
        figure="u-fig4",
        paper="Unmasking",
        source="section 2.2, Figure 4",
        says="It does so at no cost in error.",
        check=_no_worse,
    ),
    Claim(
        name="perturbed-apart",
        figure="u-app-d",
        paper="Unmasking",
        source="appendix D",
        says="A dense network whose rewind point is moved as far as pruning to level 1 moves it is "
        "not connected to the one that is not moved.",
        check=_perturbed,
    ),
)
