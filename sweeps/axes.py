"""What measures say along an axis, for every trial of a sweep."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from analysis import records
from sweeps.errors import UserError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from sweeps.results import Results


def along(results: Results, trials: pd.DataFrame, axis: str) -> pd.DataFrame:
    """Return the values of some trials along an axis, a row per trial and place on it.

    Columns: what identifies the trial, the axis, and those of every measure with this axis. Raises
    UserError if no measure of the sweep has it.
    """
    from sweeps.trial_tables import CURVE_KEYS

    measures = _measures(results)
    if axis not in measures:
        allowed = did_you_mean(axis, measures) or "; its paths, along alpha, are --curves"
        raise UserError(f"--along: {results.name} has nothing along {axis!r}{allowed}")
    frames = [
        frame
        for measure in measures[axis]
        for label in _labels(measure)
        if len(frame := results.along(label, axis))
    ]
    keys = trials[list(CURVE_KEYS)]
    if not frames:
        return keys.iloc[:0].assign(**{axis: []})
    whole = frames[0]
    for frame in frames[1:]:
        whole = whole.merge(frame, on=["trial", axis], how="outer", sort=False)
    return keys.merge(whole, on="trial", how="inner")


def _measures(results: Results) -> dict[str, list[str]]:
    """Return the measures beside instability that have an axis, by the axis."""
    found: dict[str, list[str]] = {}
    for column in json.loads(results.text(records.COLUMNS_FILE) or "[]"):
        if column["axis"]:
            measures = found.setdefault(column["axis"], [])
            if column["measure"] not in measures:
                measures.append(column["measure"])
    return found


def _labels(measure: str) -> list[str]:
    """Return under which labels a measure may be recorded: of the pair, or of each network."""
    name, slash, options = measure.partition("/")
    return [measure, *(f"{name}_{network}{slash}{options}" for network in (1, 2))]
