"""What Unmasking says of adaptive pruning, and of the perturbed dense network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.claims.claim import Claim, Shown
from analysis.claims.evidence import Interval, compared
from analysis.claims.quoting import at_each_k
from analysis.formats import number
from analysis.levels import adaptive_means, adaptive_table, eps_of, level_cells, level_pairs
from analysis.published_unmasking import SAVING
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
    evidence = compared(what, found, eps, "at most", " points", meaning="ε")
    return Shown(text, evidence)


def _saves(study: Study) -> Shown | None:
    row = _means(study)
    if row is None or pd.isna(row["compute_saved"]):
        return None
    least, most = SAVING.compute_saved
    return Shown(
        f"{number(row['compute_saved'])} % of all trained iterations, the dense network’s among "
        "them",
        compared(
            "compute saved",
            _interval(row, "compute_saved"),
            least,
            "at least",
            meaning=f"the paper has {least:g} to {most:g} %",
        ),
    )


def _perturbed(study: Study) -> Shown | None:
    """At the latest k, as in the experiments that the paper asks about."""
    eps = eps_of(study)
    cells = level_cells(level_pairs(study), eps)
    own = cells[(cells[STRATEGY] == PERTURBED) & cells["connected"].notna()].sort_values(REWIND)
    if own.empty:
        return None
    latest = own.iloc[-1]
    barriers = zip(own[REWIND], own["barrier"], strict=True)
    return Shown(
        f"barrier {at_each_k({k: f'{number(value)} points' for k, value in barriers})}",
        compared(
            f"barrier at k = {latest[REWIND]}",
            _interval(latest, "barrier"),
            eps,
            "at least",
            " points",
            meaning="ε",
        ),
    )


CLAIMS = (
    Claim(
        name="adaptive-fewer",
        figure="u-fig4",
        paper="Unmasking",
        source="Section 2.2, Figure 4",
        says="Pruning as much as the training loss allows needs fewer retrainings (7 instead of 11 "
        "to 9 % of weights left on CIFAR-100).",
        check=_fewer,
    ),
    Claim(
        name="adaptive-no-worse",
        figure="u-fig4",
        paper="Unmasking",
        source="Section 2.2, Figure 4",
        says="It does so at no cost in error.",
        check=_no_worse,
    ),
    Claim(
        name="adaptive-saves",
        figure="u-fig4",
        paper="Unmasking",
        source="Abstract, section 2.2",
        says="This saves 30 to 33 % of compute (CIFAR-100).",
        check=_saves,
    ),
    Claim(
        name="perturbed-apart",
        figure="u-app-d",
        paper="Unmasking",
        source="Appendix D",
        says="At the rewind step of the experiments a dense network is not connected to one whose "
        "rewind point was moved as far as pruning to level 1 moves it.",
        check=_perturbed,
    ),
)
