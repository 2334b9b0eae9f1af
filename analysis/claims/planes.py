"""What Unmasking says of the planes through a level, its projection and the next level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.claims.claim import Claim, Shown
from analysis.claims.evidence import Evidence, Side, all_of, compared, over_inits
from analysis.ends import of_levels
from analysis.formats import number
from analysis.levels import eps_of
from analysis.records import INIT_SEED, LEVEL, REWIND, STRATEGY
from analysis.statistics import PERCENT
from analysis.strategies import IMP

if TYPE_CHECKING:
    from analysis.study import Study

PROJECTION, NEXT = "plane_error_projection", "plane_error_2"


def _planes(study: Study) -> tuple[pd.DataFrame, float] | None:
    """The trials with planes at the latest k, and the matching error: dense + eps.

    Where one init leaves eps unknown, the matching error is that of the dense networks.
    """
    trials = study.trials[of_levels(study.trials) & (study.trials[STRATEGY] == IMP)]
    if PROJECTION not in trials or study.reference is None:
        return None
    found = trials[trials[PROJECTION].notna() & trials[NEXT].notna()]
    if found.empty:
        return None
    eps = eps_of(study)
    border = 100 - study.reference.mean + (0.0 if pd.isna(eps) else eps)
    return found[found[REWIND] == found[REWIND].max()], border


def _side(rows: pd.DataFrame, column: str, border: float, inside: bool) -> Evidence:
    what = "error of the projection" if column == PROJECTION else "error of the next level"
    level = int(rows[LEVEL].iloc[0])
    found = over_inits(rows[column], rows[INIT_SEED], PERCENT)
    claimed: Side = "at most" if inside else "above"
    return compared(f"{what} at level {level}", found, border, claimed, meaning="matching error")


def _said(rows: pd.DataFrame, border: float) -> str:
    level = int(rows[LEVEL].iloc[0])
    return (
        f"level {level}: the projection has {number(rows[PROJECTION].mean())} % error, the next "
        f"level {number(rows[NEXT].mean())} %; the matching error is {number(border)} %"
    )


def _low(study: Study) -> Shown | None:
    found = _planes(study)
    if found is None:
        return None
    planes, border = found
    rows = planes[planes[LEVEL] == planes[LEVEL].min()]
    return Shown(_said(rows, border), _side(rows, PROJECTION, border, inside=True))


def _returns(study: Study) -> Shown | None:
    """Of the levels whose projection lies outside: the one whose next level has least error."""
    found = _planes(study)
    if found is None:
        return None
    planes, border = found
    means = planes.groupby(LEVEL)[[PROJECTION, NEXT]].mean()
    outside = means[means[PROJECTION] > border]
    if outside.empty or len(means) < 2:
        return None
    rows = planes[planes[LEVEL] == outside[NEXT].idxmin()]
    parts = [
        _side(rows, PROJECTION, border, inside=False),
        _side(rows, NEXT, border, inside=True),
    ]
    return Shown(_said(rows, border), all_of(parts))


def _fails(study: Study) -> Shown | None:
    found = _planes(study)
    if found is None:
        return None
    planes, border = found
    if planes[LEVEL].nunique() < 2:
        return None
    rows = planes[planes[LEVEL] == planes[LEVEL].max()]
    parts = [_side(rows, name, border, inside=False) for name in (PROJECTION, NEXT)]
    return Shown(_said(rows, border), all_of(parts))


_SOURCE = "section 2.1, Figures 3, 7 and 8"

CLAIMS = (
    Claim(
        name="projection-inside",
        figure="u-fig3",
        paper="Unmasking",
        source=_SOURCE,
        says="At low sparsity the projection of a level stays within the matching contour.",
        check=_low,
    ),
    Claim(
        name="projection-returns",
        figure="u-fig3",
        paper="Unmasking",
        source=_SOURCE,
        says="At higher sparsity the projection leaves the contour, and the next level returns.",
        check=_returns,
    ),
    Claim(
        name="projection-lost",
        figure="u-fig3",
        paper="Unmasking",
        source=_SOURCE,
        says="Where pruning fails, projection and next level are both outside.",
        check=_fails,
    ),
)
