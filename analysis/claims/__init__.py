"""What the papers state, held against a sweep's records: agrees, differs, or cannot tell.

Each claim is a function of a study, which computes its verdict from cells, intervals and samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from analysis.claims import (
    adaptive,
    dense,
    distances,
    level_errors,
    levels,
    planes,
    rewinding,
    sparse,
    sparsities,
    throughout,
    train_set,
)
from analysis.claims.claim import Claim, Shown

if TYPE_CHECKING:
    from analysis.study import Study

CLAIMS: tuple[Claim, ...] = (
    *dense.CLAIMS,
    *sparse.CLAIMS,
    *sparsities.CLAIMS,
    *rewinding.CLAIMS,
    *throughout.CLAIMS,
    *train_set.CLAIMS,
    *distances.CLAIMS,
    *levels.CLAIMS,
    *level_errors.CLAIMS,
    *planes.CLAIMS,
    *adaptive.CLAIMS,
)
"""Of both papers, in their order."""


def held_against(
    studies: Iterable[Study], paper: str | None = None
) -> Iterator[tuple[Claim, Study, Shown]]:
    """Yield every claim of which a study has the data, with what that study shows.

    Of one paper if it is named. Where several studies have the data, the first one counts.
    """
    every = list(studies)
    for claim in CLAIMS:
        for study in every if paper in (None, claim.paper) else ():
            shown = claim.check(study)
            if shown is not None:
                yield claim, study, shown
                break
