"""Evidence of cells: whether they are stable, and matching."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.claims.evidence import Evidence, compared
from analysis.records import REWIND

if TYPE_CHECKING:
    from analysis.study import Study


def rows(line: pd.DataFrame) -> list[Any]:
    """The cells of a line, by ascending k."""
    return list(line.sort_values(REWIND).itertuples(index=False))


def stability(
    study: Study, cell: Any, *, claimed: bool = True, of: str = "instability"
) -> Evidence:
    """Whether a cell's instability is below the threshold, as `claimed`, or is not."""
    where = f"{of} at k = {cell.rewind}"
    if pd.isna(cell.stable):
        return _not_judged(where, cell)
    found = cell.instability_test, cell.instability_test_low, cell.instability_test_high
    return compared(where, found, study.stable_below, "below" if claimed else "at least")


def matching(study: Study, cell: Any, *, claimed: bool = True, of: str = "drop") -> Evidence:
    """Whether a cell loses no more accuracy than matching allows, as `claimed`, or does."""
    where = f"{of} at k = {cell.rewind}"
    if pd.isna(cell.matching) or study.reference is None:
        return _not_judged(where, cell)
    tolerance = study.reference.tolerance(study.matching, cell.accuracy_test_std)
    found = cell.drop, cell.drop_low, cell.drop_high
    return compared(where, found, tolerance, "at most" if claimed else "above", " points")


def _not_judged(where: str, cell: Any) -> Evidence:
    return Evidence(None, f"{where}: not judged, as {cell.n} of {cell.pairs} samples count")
