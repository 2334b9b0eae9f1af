"""Which trials `--where` means: conditions checked, and evaluated on frames of trials.

A missing number compares as NaN does: it differs from every number, and is neither above nor
below one. A missing word differs from every word.

`parse` needs no trials: it refuses what can be known to be wrong before any are read. The columns
that it does not know (hyperparameters, what measures say) are checked by `select`. All raise
UserError, in one line.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from math import isfinite
from typing import TYPE_CHECKING, Any

from analysis import records
from analysis.ends import OUTCOMES
from analysis.strategies import FILES, STRATEGIES, is_of_files
from sweeps.errors import UserError, did_you_mean
from sweeps.query_parser import ORDERS, Comparison, Condition, Joined, Not, read

if TYPE_CHECKING:
    import pandas as pd

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

NUMBERS = {
    records.LEVEL,
    records.LEVEL_2,
    records.REWIND,
    records.INIT_SEED,
    "order_seed_1",
    "order_seed_2",
    *records.SCALAR_METRICS,
    *records.END_METRICS,
}
"""Columns of numbers."""
CLOSED = {
    records.STRATEGY: (*STRATEGIES, FILES),
    records.OUTCOME: OUTCOMES,
    records.RESTART: (records.KEEP, records.RESET),
}
"""Columns of words -> the only words that they hold."""
WORDS = {"trial", "run_id", "submission", records.RECIPE, *CLOSED}
"""Columns of words."""
SHOWN = {"k": records.REWIND, "init": records.INIT_SEED}
"""Columns by the short names that tables on a screen have."""


def parse(where: str) -> Condition:
    """Return the condition that a text means, once all that is known of its columns is checked."""
    condition = read(where)
    for comparison in comparisons(condition):
        column = check_column(comparison.column)
        if column in NUMBERS:
            _numbers(comparison)
        elif column in WORDS:
            _check_words(comparison)
    return condition


def comparisons(condition: Condition) -> Iterator[Comparison]:
    """Yield every comparison of a condition, in the order of the text."""
    if isinstance(condition, Comparison):
        yield condition
    else:
        parts = (condition.inner,) if isinstance(condition, Not) else condition.parts
        for part in parts:
            yield from comparisons(part)


def check_column(name: str, option: str = "--where") -> str:
    """Return a column's own name. Raises UserError for what is surely no column of trials.

    Other measures than instability have columns of their own: a name that is like none of those
    known here may be one of these.
    """
    known = NUMBERS | WORDS
    name = SHOWN.get(name, name)
    if name in known or name.startswith(records.HYPERPARAMETER):
        return name
    guess = did_you_mean(name, known)
    if not name or "did you mean" in guess:
        raise UserError(f"{option}: unknown column {name!r}{guess}")
    return name


def select(trials: pd.DataFrame, condition: Condition | None) -> pd.DataFrame:
    """Return the rows for which a condition holds."""
    if condition is None:
        return trials
    for comparison in comparisons(condition):
        column = SHOWN.get(comparison.column, comparison.column)
        if column not in trials.columns:
            guess = did_you_mean(column, map(str, trials.columns))
            raise UserError(f"--where: these trials have no column {column!r}{guess}")
    return trials[_holds(condition, trials)].reset_index(drop=True)


def _holds(condition: Condition, trials: pd.DataFrame) -> pd.Series[bool]:
    if isinstance(condition, Not):
        return ~_holds(condition.inner, trials)
    if isinstance(condition, Joined):
        join = operator.and_ if condition.word == "and" else operator.or_
        return reduce(join, (_holds(part, trials) for part in condition.parts))
    return _compared(condition, trials[SHOWN.get(condition.column, condition.column)])


def _compared(comparison: Comparison, column: pd.Series[Any]) -> pd.Series[bool]:
    values: Sequence[Any]
    numbers = _as_numbers(column)
    if numbers is not None:
        column, values = numbers, _numbers(comparison)
    else:
        _check_words(comparison)
        column, values = column.astype("object"), comparison.values
    if column.name == records.STRATEGY and FILES in values:  # any pair of them
        of_files = column.map(lambda one: is_of_files(str(one)))
        column = column.where(~of_files.astype(bool), FILES)
    if comparison.comparison == "in":
        return reduce(operator.or_, (column == value for value in values))
    return COMPARISONS[comparison.comparison](column, values[0])


def _as_numbers(column: pd.Series[Any]) -> pd.Series[Any] | None:
    """The column as numbers, or None if it holds words: MLflow knows all params as text."""
    import pandas as pd

    if column.dtype.kind in "iufb":
        return column.astype("float64")
    if column.name in WORDS:
        return None
    numbers = pd.to_numeric(column, errors="coerce")
    if column.name in NUMBERS:
        return numbers  # even where there is no row to tell by
    return numbers if (numbers.notna() == column.notna()).all() and column.notna().any() else None


def _numbers(comparison: Comparison) -> list[float]:
    return [_number(comparison.column, text) for text in comparison.values]


def _number(column: str, text: str) -> float:
    try:
        value = float(text) if text.isascii() and "_" not in text else float("no number")
    except ValueError:
        raise UserError(f"--where: {column} is a number, not {text!r}") from None
    if not isfinite(value):
        raise UserError(f"--where: {column} compares with finite numbers, not {text!r}")
    return value


def _check_words(comparison: Comparison) -> None:
    column = SHOWN.get(comparison.column, comparison.column)
    if comparison.comparison in ORDERS:
        raise UserError(
            f"--where: {column} {comparison.comparison} {comparison.values[0]}: {column} is a word,"
            " and words have no order; allowed: =, !=, in"
        )
    for value in comparison.values:
        allowed = CLOSED.get(column, (value,))
        own = column == records.STRATEGY and ":" in str(value)  # a pruning method of one's own
        if value not in allowed and not own:
            raise UserError(f"--where: no {column} is {value!r}{did_you_mean(value, allowed)}")
