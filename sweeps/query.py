"""The small language of `--where`."""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Any

from sweeps.errors import UserError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

COMPARISONS = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

_TERM = re.compile(
    r"""\s*(?P<column>\w+)\s*(?P<comparison>==|!=|<=|>=|=|<|>)\s*
        (?P<value>"[^"]*"|'[^']*'|[^\s'"]+)\s*""",
    re.VERBOSE,
)


def select(trials: pd.DataFrame, where: str | None) -> pd.DataFrame:
    """The rows for which every term of `where` holds: `level = 11 and rewind >= 120`.

    A term compares a column with a number or a word. Raises UserError.
    """
    if where is None:
        return trials
    chosen = trials
    for term in re.split(r"\s+and\s+", where.strip()):
        match = _TERM.fullmatch(term)
        if match is None:
            raise UserError(
                f"--where: {term!r} is not a comparison; write level = 11 and rewind >= 120"
            )
        column, text = match["column"], match["value"].strip("'\"")
        if column not in trials.columns:
            guess = did_you_mean(column, map(str, trials.columns))
            raise UserError(f"--where: unknown column {column!r}{guess}")
        compare = COMPARISONS[match["comparison"]]
        chosen = chosen[compare(chosen[column], _value(trials[column], column, text))]
    return chosen.reset_index(drop=True)


def _value(column: pd.Series, name: str, text: str) -> Any:
    if not _is_number(column):
        return text
    try:
        return float(text)
    except ValueError:
        raise UserError(f"--where: {name} is a number, not {text!r}") from None


def _is_number(column: pd.Series) -> bool:
    return column.dtype.kind in "if"
