"""What Unmasking says of the planes through a level, its projection and the next level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.claims.claim import Claim, Shown
from analysis.claims.evidence import Evidence, all_of, compared, over_inits
from analysis.ends import of_levels
from analysis.formats import number, spans
from analysis.levels import eps_of
from analysis.records import INIT_SEED, LEVEL, LEVEL_2, REWIND, STRATEGY
from analysis.statistics import PERCENT
from analysis.strategies import IMP

if TYPE_CHECKING:
    from analysis.study import Study

OWN, PROJECTION, NEXT = "plane_error_1", "plane_error_projection", "plane_error_2"

_CALLED = {PROJECTION: "projection of level", NEXT: "level after level"}


def _planes(study: Study) -> tuple[pd.DataFrame, float] | None:
    """IMP's trials with planes at the latest k, and the matching error, dense + eps.

    Columns go by their names without the measure's options.
    """
    trials = study.trials[of_levels(study.trials) & (study.trials[STRATEGY] == IMP)]
    trials = trials.rename(columns=lambda name: str(name).partition("/")[0])
    trials = trials.loc[:, ~trials.columns.duplicated()]
    eps = eps_of(study)
    if PROJECTION not in trials or study.reference is None or pd.isna(eps):
        return None
    found = trials[trials[[OWN, PROJECTION, NEXT]].notna().all(axis=1)]
    found = found[found[LEVEL_2] == found[LEVEL] + 1]
    if found[LEVEL].nunique() < 2:
        return None
    return found[found[REWIND] == found[REWIND].max()], 100 - study.reference.mean + eps


def _side(planes: pd.DataFrame, level: int, column: str, border: float, inside: bool) -> Evidence:
    """Whether the mean error of one of a plane's networks is up to the matching error, or above."""
    rows = planes[planes[LEVEL] == level]
    return compared(
        f"error of the {_CALLED[column]} {level}",
        over_inits(rows[column], rows[INIT_SEED], PERCENT),
        border,
        "at most" if inside else "above",
        meaning="dense + ε",
    )


def _said(means: pd.DataFrame, level: int) -> str:
    return (
        f"at level {level} the projection has an error of {number(means.loc[level, PROJECTION])} "  # type: ignore[arg-type]
        f"%, the next level of {number(means.loc[level, NEXT])} %"  # type: ignore[arg-type]
    )


def _means(planes: pd.DataFrame) -> pd.DataFrame:
    return planes.groupby(LEVEL)[[OWN, PROJECTION, NEXT]].mean()


def _low(study: Study) -> Shown | None:
    """At the lowest level of which there is a plane."""
    found = _planes(study)
    if found is None:
        return None
    planes, border = found
    level = int(planes[LEVEL].min())
    return Shown(_said(_means(planes), level), _side(planes, level, PROJECTION, border, True))


def _returns(study: Study) -> Shown | None:
    """At the middle one of the levels where only the projection leaves, as Figure 3 shows it.

    These levels are told by means. Where there are none: at the first whose projection leaves.
    """
    found = _planes(study)
    if found is None:
        return None
    planes, border = found
    means = _means(planes)
    outside = means[means[PROJECTION] > border]
    if outside.empty:
        return None
    levels = [int(level) for level in outside.index[outside[NEXT] <= border]]
    level = levels[len(levels) // 2] if levels else int(outside.index[0])
    parts = [
        _side(planes, level, name, border, inside) for name, inside in _ONLY_PROJECTION.items()
    ]
    where = f"levels {spans(levels)}" if levels else "no level"
    return Shown(f"so at {where}; {_said(means, level)}", all_of(parts))


_ONLY_PROJECTION = {PROJECTION: False, NEXT: True}


def _fails(study: Study) -> Shown | None:
    """Where matching breaks down: at the first level from which on no next level matches.

    By means, and as Figure 3 shows it.
    """
    found = _planes(study)
    if found is None:
        return None
    planes, border = found
    means = _means(planes)
    matching = means.index[means[NEXT] <= border]
    ends = means.index[means.index > matching.max()] if len(matching) else means.index
    if ends.empty:
        return None
    level = int(ends[0])
    parts = [_side(planes, level, name, border, inside=False) for name in (PROJECTION, NEXT)]
    return Shown(_said(means, level), all_of(parts))


_SOURCE = "Section 2.1, Figures 3, 7 and 8"

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
        says="At the sparsity where matching breaks down, projection and next level are both "
        "outside.",
        check=_fails,
    ),
)
