"""Which rows of tables and which figures prove a sentence, and which trials are behind a row.

A place is a mapping of columns of trials to values: `{"strategy": "imp", "rewind": 120}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

Place = Mapping[str, Any]

_ABOUT = "about"


class Evidence(NamedTuple):
    """A figure, or the rows of a table, that a sentence follows from."""

    kind: str
    """Of the table or figure, as the report names it: `cells`, `onsets`, `instability`."""
    places: tuple[Place, ...] = ({},)
    """What its rows, or it, are about; by default, all of them."""


class Finding(str):
    """A sentence that names its evidence."""

    evidence: tuple[Evidence, ...]

    def __new__(cls, text: str, *evidence: Evidence) -> Finding:
        found = super().__new__(cls, text)
        found.evidence = evidence
        return found

    def after(self, prefix: str) -> Finding:
        """Return the sentence behind a prefix, with the same evidence."""
        return Finding(prefix + self, *self.evidence)


def places(rows: pd.DataFrame, columns: Sequence[str]) -> tuple[Place, ...]:
    """Return the places of some rows by those of the columns that they have, each once."""
    there = [name for name in columns if name in rows]
    return each(rows[there].drop_duplicates(), there)


def each(rows: pd.DataFrame, columns: Sequence[str]) -> tuple[Place, ...]:
    """Return the place of each row by some columns."""
    found = rows[list(columns)].to_dict("records")
    return tuple({str(name): value for name, value in place.items()} for place in found)


def about(table: pd.DataFrame, rows: Sequence[Place]) -> pd.DataFrame:
    """Note of each row of a table of strings which trials it is about, and return the table."""
    table.attrs[_ABOUT] = tuple(rows)
    return table


def rows_of(table: pd.DataFrame) -> list[Place] | None:
    """Return what `about` noted of each row, in the rows' present order; None if nothing is."""
    noted = table.attrs.get(_ABOUT)
    return None if noted is None else [noted[row] for row in table.index]


def agree(place: Place, other: Place) -> bool:
    """Return whether two places have the same value in each column that both name."""
    return all(other[name] == value for name, value in place.items() if name in other)
